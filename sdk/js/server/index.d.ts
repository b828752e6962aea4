/** What an assertion says (docs/server-api.md). */
export interface Claims {
  iss: string;
  aud: string;
  /** The subject. */
  sub: string;
  /** The verification: that which you began, and once only. */
  jti: string;
  iat: number;
  exp: number;
  auth_time: number;
  amr: string[];
  method: "app" | "email";
  device_id: string;
}

export declare class Assertions {
  /** `url` is where the gateway is; `issuer` and `audience` are what its assertions must say. */
  constructor(options: { url: string; issuer: string; audience: string });
  /** The claims of a token that the gateway signed for this app and that is good now; null for anything else. Fails where the gateway's keys cannot be had. */
  check(token: unknown): Promise<Claims | null>;
}

/** The end of a verification. */
export interface WebhookEvent {
  /** Of the message: the same when it is sent again. */
  id: string;
  type: string;
  timestamp: string;
  data: { id: string; subject: string; status: "verified" | "denied" | "expired" | "attempts_exhausted" | "superseded"; assertion?: string };
}

export declare class Webhooks {
  /** `secret` is the gateway's `webhooks.secret`, or several while one takes the place of another. */
  constructor(options: { secret: string | string[] });
  /** The event of a message that the gateway signed and that is of now; null for anything else. `body` is the body as it came, not parsed. */
  check(headers: Headers | Record<string, string | string[] | undefined>, body: string | Uint8Array): WebhookEvent | null;
}
