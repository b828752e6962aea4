// Where a request comes from, and what browsers may do with the answer.

/** Security headers: our own scripts only, calls to this app and the gateway only, in nobody's frame. */
export function headers(gateway) {
  const { origin, host, protocol } = new URL(gateway);
  const socket = `${protocol === "https:" ? "wss" : "ws"}://${host}`;
  const policy = `default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self' ${origin} ${socket}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
  return (request, response, next) => {
    response.set({ "content-security-policy": policy, "x-content-type-options": "nosniff", "referrer-policy": "no-referrer", "cross-origin-resource-policy": "same-origin", "cache-control": "no-store" });
    next();
  };
}

/**
 * Refuses what changes something unless it is one of our own pages that asks: browsers say where a request comes from (`Origin`, Fetch
 * Metadata), and by which name they came (`Host`: a stranger's name may lead here, too). Cookies are SameSite=Strict besides, and bodies
 * must be JSON, which no form can send.
 */
export function fromOwnPages(ownOrigins) {
  return (request, response, next) => {
    const { origin, host, "sec-fetch-site": site } = request.headers;
    const own = ownOrigins().find((known) => new URL(known).host === host);
    const isOurs = own !== undefined && (origin === undefined || origin === own) && (site === undefined || site === "same-origin");
    const isRead = ["GET", "HEAD"].includes(request.method);
    if (isRead || (isOurs && request.is("application/json"))) return next();
    response.status(isOurs ? 415 : 403).json({ error: isOurs ? "Send JSON." : "Only this app's own pages may do that." });
  };
}
