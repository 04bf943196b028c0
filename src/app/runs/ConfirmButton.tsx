/** A button for what cannot be taken back: the first press asks, the second does. */
import { useState, type ReactNode } from 'react';

interface ConfirmButtonProps {
  readonly label: string;
  /** What the second button says. */
  readonly confirm: string;
  readonly disabled?: boolean;
  readonly onConfirm: () => void;
}

export function ConfirmButton({ label, confirm, disabled = false, onConfirm }: ConfirmButtonProps): ReactNode {
  const [asked, setAsked] = useState(false);
  if (!asked || disabled)
    return (
      <button type="button" disabled={disabled} onClick={() => setAsked(true)}>
        {label}
      </button>
    );
  return (
    <span className="row confirm" role="group" aria-label={confirm}>
      <button
        type="button"
        className="danger"
        autoFocus
        onClick={() => {
          setAsked(false);
          onConfirm();
        }}
      >
        {confirm}
      </button>
      <button type="button" className="quiet" onClick={() => setAsked(false)}>
        Keep
      </button>
    </span>
  );
}
