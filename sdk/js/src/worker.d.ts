export interface WorkerOptions {
  /** Where the gateway is; the worker's own origin when it is left out. */
  gateway?: string;
  /** The page that shows codes; "/" when it is left out. */
  page?: string;
  /** A picture for the notifications. */
  icon?: string;
  /** A small one in one colour. */
  badge?: string;
}

/** An event that keeps its worker alive. The types of service workers and of pages exclude each other, so these ask for no more. */
export interface WorkerEvent {
  waitUntil(work: Promise<unknown>): void;
}

/** Takes a `push` event; false when it is none of a gateway. */
export function handlePush(event: WorkerEvent & { readonly data: { json(): unknown } | null }, options?: WorkerOptions): boolean;
/** Takes a `notificationclick` event; false when the notification is none of `handlePush`. */
export function handleNotificationClick(event: WorkerEvent & { readonly notification: Notification; readonly action: string }, options?: WorkerOptions): boolean;
/** Takes a `pushsubscriptionchange` event. */
export function handleSubscriptionChange(event: WorkerEvent): void;
