/** A challenge, as the gateway answers it. */
export interface Challenge {
  id: string;
  /** Only in the answer that starts it. */
  token?: string;
  purpose: "sign_in" | "enable_two_step" | "disable_two_step" | "change_email" | "create_account";
  method: "app" | "email";
  /** `app` and `email` are ways that a code can travel; with `authenticator` one of the owner's authenticator app can be typed instead. */
  methods: ("app" | "email" | "authenticator")[];
  code_length: number;
  expires_at: string;
  resend_at: string;
  attempts_left: number;
  /** The count of trusted devices, or the masked address. */
  destination: number | string;
}

export interface Requester {
  name: string;
  model: string;
  platform: "android" | "ios" | "web" | "other";
  ip: string;
  location: string | null;
}

/** A code to show. */
export interface CodeMessage {
  type: "code";
  challenge_id: string;
  generation: number;
  purpose: Challenge["purpose"];
  code: string;
  expires_at: string;
  sent_at: string;
  requester: Requester;
}

export interface ChallengeStatus {
  challenge: Challenge;
  state: "open" | "verified" | "denied" | "expired" | "attempts_exhausted" | "superseded";
  answered: boolean;
  deliveries: { destination: number; channel: string; state: string; reason?: string; text: string }[];
  hints: { code: string; text: string }[];
}

export interface Session {
  access_token: string;
  expires_in: number;
  refresh_token: string;
}

export interface Device {
  id: string;
  name: string;
  model: string;
  platform: "android" | "ios" | "web" | "other";
  trusted: boolean;
  trust_token?: string;
}

/** What the right code brought. */
export interface Verified {
  status: "signed_in" | "two_step_enabled" | "two_step_disabled";
  session?: Session;
  device: Device;
  /** A JSON Web Token for the server that began the verification. */
  assertion?: string;
}

/** What an installation says of itself. */
export interface DeviceInfo {
  install_id: string;
  name: string;
  model: string;
  platform: "android" | "ios" | "web" | "other";
  os_version: string;
  app_version: string;
  locale?: string;
  time_zone?: string;
}

/** The code of `length` digits in what somebody typed or pasted; null when there is none, or more than one. */
export function readCode(text: string, length: number): string | null;

/** Whether this browser can be pushed to. */
export function supportsPush(): boolean;

/** Tells the worker which codes this page shows, so that it does not ring for them. */
export function answerWorker(isShown: (challengeId: string, generation: number) => boolean): void;

export class TwostepError extends Error {
  constructor(status: number, body?: object);
  /** The HTTP status; 0 when no answer came. */
  readonly status: number;
  /** A stable word (docs/errors.md), or "offline". */
  readonly code: string;
  /** Seconds to wait. */
  readonly retryAfter?: number;
  readonly attemptsLeft?: number;
  /** With `wrong_code`: it was a code that a newer one replaced, and no attempt was used. */
  readonly isEarlierCode: boolean;
}

export type Store = Pick<Storage, "getItem" | "setItem" | "removeItem">;

export class MemoryStorage implements Store {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

export interface CallOptions {
  token?: string;
  body?: unknown;
  signal?: AbortSignal;
}

/** Any class with the interface of the platform's WebSocket. */
export type WebSocketClass = new (url: URL | string, protocols?: string | string[]) => WebSocket;

export interface ConnectionEvents {
  state: CustomEvent<{ state: "connecting" | "open" | "waiting" | "off"; until?: number }>;
  code: CustomEvent<CodeMessage>;
  code_again: CustomEvent<CodeMessage>;
  challenge_closed: CustomEvent<{ challenge_id: string; outcome: string }>;
  security_alert: CustomEvent<{ kind: string; at: string; text: string }>;
  ended: CustomEvent<{ why: "removed" | "replaced" | "session" }>;
}

export class Connection extends EventTarget {
  constructor(options: {
    address: () => Promise<{ url: string | URL; headers?: object }>;
    renew: () => Promise<void>;
    WebSocket?: WebSocketClass;
    random?: () => number;
  });
  start(): void;
  stop(): void;
  receipt(code: Pick<CodeMessage, "challenge_id" | "generation">, shown?: boolean): void;
  /** Whether it could be sent. */
  deny(challengeId: string): boolean;
  /** Whether it could be sent. */
  refresh(accessToken: string): boolean;
  addEventListener<K extends keyof ConnectionEvents>(type: K, listener: (event: ConnectionEvents[K]) => void): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject | null, options?: boolean | AddEventListenerOptions): void;
}

export interface VerificationEvents {
  status: CustomEvent<ChallengeStatus>;
  over: CustomEvent<{ state: string }>;
}

export class Verification extends EventTarget {
  challenge: Challenge;
  status(): Promise<ChallengeStatus>;
  watch(): void;
  stop(): void;
  verify(code: string, options?: { trustDevice?: boolean }): Promise<Verified>;
  cancel(): Promise<void>;
  resend(method?: "app" | "email"): Promise<Challenge>;
  addEventListener<K extends keyof VerificationEvents>(type: K, listener: (event: VerificationEvents[K]) => void): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject | null, options?: boolean | AddEventListenerOptions): void;
}

export interface TrustedDevice {
  id: string;
  name: string;
  model: string;
  platform: Device["platform"];
  os_version: string;
  app_version: string;
  trusted: true;
  this_device: boolean;
  last_seen_at: string;
  trusted_at: string;
  location: string | null;
}

/** How the account's security stands. */
export interface LoginSecurity {
  /** `required`: it cannot be turned off; `due_at`: from then on a sign-in turns it on. */
  two_step: { available: boolean; enabled: boolean; required?: true; due_at?: string };
  /** Since when no new device may sign in; null when new devices may. */
  sign_ins_frozen_at: string | null;
  /** Names the account in pushes. */
  account_tag: string;
  /** Masked. */
  email: string | null;
  full_email: string | null;
  trusted_devices: TrustedDevice[];
  /** Somebody with the right password asked to sign in without a device. */
  recovery?: { id: string; state: "waiting" | "ready"; asked_at: string; ready_at: string; usable_until: string; device: Pick<Device, "name" | "model" | "platform">; ip: string; location: string | null };
}

/** Where the account is signed in. */
export interface OpenSession {
  id: string;
  device: Device;
  this_session: boolean;
  created_at: string;
  last_used_at: string;
  location: string | null;
}

export interface ActivityEntry {
  id: string;
  at: string;
  /** A stable word, such as `sign_in`. */
  kind: string;
  outcome: string;
  method: "app" | "email" | null;
  /** Null for what an operator or the gateway did. */
  device: { name: string; model: string; platform: Device["platform"] } | null;
  ip: string | null;
  location: string | null;
  reported_at: string | null;
  would_need_code: boolean;
  by_this_session: boolean;
  about?: string;
  repeats?: number;
}

export interface ActivityPage {
  entries: ActivityEntry[];
  next_cursor: string | null;
  location_note: string;
}

export class TwostepClient {
  constructor(base: string | URL, options?: { fetch?: typeof fetch; storage?: Store; account?: string });
  readonly installId: string;
  readonly trustToken: string | null;
  readonly isSignedIn: boolean;
  device(about?: Partial<DeviceInfo>): DeviceInfo;
  call<T = unknown>(method: string, path: string, options?: CallOptions): Promise<T>;
  open(method: string, path: string, options?: CallOptions): Promise<Response>;
  signedCall<T = unknown>(method: string, path: string, body?: unknown): Promise<T>;
  signIn(answer: { session: Session; device?: Device }): void;
  renew(): Promise<void>;
  forget(): void;
  signOut(): Promise<void>;
  security(): Promise<LoginSecurity>;
  unfreeze(): Promise<void>;
  devices(): Promise<TrustedDevice[]>;
  renameDevice(id: string, name: string): Promise<void>;
  removeDevice(id: string): Promise<void>;
  removeOtherDevices(): Promise<void>;
  sessions(): Promise<OpenSession[]>;
  endSession(id: string): Promise<void>;
  endOtherSessions(): Promise<void>;
  activity(page?: { cursor?: string; limit?: number }): Promise<ActivityPage>;
  report(id: string): Promise<void>;
  deny(challengeId: string): Promise<void>;
  connection(options?: { WebSocket?: WebSocketClass; random?: () => number }): Connection;
  /** What came of it; "off": the gateway has no Web Push. */
  enablePush(options: { registration: ServiceWorkerRegistration; name?: string }): Promise<"on" | "denied" | "off" | "unsupported">;
  disablePush(options: { registration: ServiceWorkerRegistration }): Promise<void>;
  verification(challenge: Challenge): Verification;
}
