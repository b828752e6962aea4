// Calls that the gateway answers alike however often they are sent (docs/decisions/0018-answers-are-derived.md).

/** How often, and after how many milliseconds, a call is sent again whose answer was lost. */
const REPEAT_AFTER = [250, 1000, 3000];

/** Makes a call again while no answer comes, or one that says "not now". `send` fails with an error that has a `status`. */
export async function repeated(send) {
  for (const wait of REPEAT_AFTER) {
    try {
      return await send();
    } catch (problem) {
      if (problem.status !== 0 && problem.status < 500) throw problem;
    }
    await new Promise((resolve) => setTimeout(resolve, wait * (0.5 + Math.random())));
  }
  return send();
}
