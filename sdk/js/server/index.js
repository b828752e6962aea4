// For an app's server, in Node.js: what the gateway says is checked before it is believed.
export { Assertions } from "./assertions.js";
export { Webhooks } from "./webhooks.js";
