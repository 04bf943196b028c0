// The Content-Security-Policy of the site: in each built page, and in the header of every server here.

/** No eval, no inline script, nothing from elsewhere: what an imported archive calls itself can never become code. */
export const CSP =
  "default-src 'self'; script-src 'self'; style-src 'self'; worker-src 'self'; img-src 'self' data: blob:; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'";
