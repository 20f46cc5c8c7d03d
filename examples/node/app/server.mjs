// The prices of a shop: GET /prices/ARTICLE answers a price in cents. PRICING chooses how it is computed, so that two
// revisions of one image differ by a variable. It needs Node 18 or later, and no package.
import { createServer } from "node:http";

const PRICES = { pen: 250, book: 1900, lamp: 4900 };
const RULES = {
  flat: (cents) => cents,
  // From 20.00 on, 5 % less.
  tiered: (cents) => (cents >= 2000 ? Math.round(cents * 0.95) : cents),
};

const pricing = process.env.PRICING ?? "flat";
const rule = RULES[pricing];
if (rule === undefined) {
  console.error(`PRICING is ${pricing}, and not one of ${Object.keys(RULES).join(", ")}`);
  process.exit(78);
}

const server = createServer((request, response) => {
  const [, article] = /^\/prices\/([a-z]+)$/.exec(request.url ?? "") ?? [];
  if (request.url === "/healthz") return answer(response, 200, { ok: true });
  if (request.method !== "GET") return answer(response, 405, { error: "only GET is allowed" });
  const cents = PRICES[article];
  if (cents === undefined) return answer(response, 404, { error: "there is no such article" });
  answer(response, 200, { article, cents: rule(cents), pricing });
});

function answer(response, status, body) {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

server.listen(Number(process.env.PORT ?? 8080), process.env.HOST ?? "0.0.0.0");
// Knative sends SIGTERM, and waits until the requests under way are answered.
process.on("SIGTERM", () => server.close());
