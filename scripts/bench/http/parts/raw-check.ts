// The minimal implementation of a basic check on Bun: only the contract's answer.
const ANSWER = { type: "BASIC", blackListed: false, backgroundCheckPass: true };
const HEADERS = { "content-type": "application/json", "x-kyc-revision": "credit-check-basic" };

Bun.serve({
  hostname: "127.0.0.1",
  port: Number(process.env["PORT"]),
  routes: { "/credit-check/report": { GET: () => Response.json(ANSWER, { headers: HEADERS }) } },
  fetch: () => new Response("nothing here", { status: 404 }),
});
