// Server-Sent Events (WHATWG HTML section 9.2) over fetch: EventSource cannot send an Authorization header.

/**
 * Reads the data of each event of a body, as JSON.
 * @param {ReadableStream<Uint8Array>} body
 * @param {(data: any) => void} heard
 */
export async function readEvents(body, heard) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const events = (rest + part.value).split("\n\n");
    rest = events.pop();
    for (const event of events) {
      const data = event.split("\n").find((line) => line.startsWith("data: "));
      if (data) heard(JSON.parse(data.slice(6)));
    }
  }
}
