// The live connection of this browser, if its device is trusted: the client library's, with the session of this page.

import { renew, signedCall } from "./api.js";
import { Connection } from "./sdk/connection.js";

async function address() {
  const { ticket } = await signedCall("POST", "/v1/connect/ticket");
  return { url: new URL(`/v1/connect?ticket=${encodeURIComponent(ticket)}`, location.href) };
}

export class Live extends Connection {
  constructor() {
    super({ address, renew });
  }
}
