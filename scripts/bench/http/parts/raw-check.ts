// The contract's answer of a basic check, and nothing beside it: what Bun itself can do.
const ANSWER = { type: "BASIC", blackListed: false, backgroundCheckPass: true };
const HEADERS = { "content-type": "application/json", "x-kyc-revision": "credit-check-basic" };

Bun.serve({
  hostname: "127.0.0.1",
  port: Number(process.env["PORT"]),
  routes: { "/credit-check/report": { GET: () => Response.json(ANSWER, { headers: HEADERS }) } },
  fetch: () => new Response("nothing here", { status: 404 }),
});
