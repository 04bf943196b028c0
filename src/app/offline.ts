/** Registers the service worker that the build wrote. Without one (development, plain HTTP) the site works from the network alone. */
export function keepOffline(): void {
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return;
  const register = (): void => {
    navigator.serviceWorker
      .register(new URL('sw.js', document.baseURI))
      .catch((error: unknown) => console.warn('The site will not work offline:', error));
  };
  if (document.readyState === 'complete') register();
  else addEventListener('load', register);
}
