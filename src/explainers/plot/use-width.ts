import { useLayoutEffect, useRef, useState, type RefObject } from 'react';

/** Width of the holder in CSS pixels, 240 at least; `initial` before the first layout and in static drawings. */
export function useWidth(initial: number): readonly [RefObject<HTMLDivElement | null>, number] {
  const ref = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(initial);
  useLayoutEffect(() => {
    if (!ref.current) return;
    const take = (box: { readonly width: number }): void => setWidth(Math.max(240, Math.floor(box.width)));
    take(ref.current.getBoundingClientRect()); // the observer speaks after the first painting
    const observer = new ResizeObserver((entries) => entries.forEach(({ contentRect }) => take(contentRect)));
    observer.observe(ref.current);
    return () => observer.disconnect();
  }, []);
  return [ref, width];
}
