// A frame as tall as what is in it. Messages of other windows and other origins are not for us.
for (const frame of document.querySelectorAll('iframe')) {
  const { origin } = new URL(frame.src);
  addEventListener('message', (event) => {
    if (event.origin !== origin || event.source !== frame.contentWindow) return;
    if (event.data?.type === 'wb-height') frame.height = event.data.height;
  });
  frame.contentWindow.postMessage({ type: 'wb-height?' }, origin);
}
