// Server-Sent Events (WHATWG HTML section 9.2) over fetch: EventSource cannot send an Authorization header.

/**
 * Reads the data of each event of a body, as JSON.
 * @param {ReadableStream<Uint8Array>} body
 * @param {(data: any) => void} heard
 */
export async function readEvents(body, heard) {
  // Older than TextDecoderStream, and as good.
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let rest = "";
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const events = (rest + decoder.decode(part.value, { stream: true })).split("\n\n");
    rest = events.pop();
    for (const event of events) {
      const data = event.split("\n").find((line) => line.startsWith("data: "));
      if (data) heard(JSON.parse(data.slice(6)));
    }
  }
}
