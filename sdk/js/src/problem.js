// What the gateway answers instead of what was asked for (RFC 9457).

/** Decide by `code` (docs/errors.md); "offline" when no answer came. */
export class TwostepError extends Error {
  constructor(status, body = {}) {
    super(body.detail ?? body.title ?? (status ? `HTTP ${status}` : "The gateway does not answer."));
    this.name = "TwostepError";
    this.status = status;
    this.code = body.code ?? (status ? "unknown" : "offline");
    this.retryAfter = body.retry_after;
    this.attemptsLeft = body.attempts_left;
    /** With `wrong_code`: it was a code that a newer one replaced, and no attempt was used. */
    this.isEarlierCode = body.earlier_code === true;
  }
}
