import { readFile } from "node:fs/promises";
import { readWatchLists } from "../../functions/credit-check/screening/watch-lists.ts";
import { variantOf } from "../../functions/credit-check/variants.ts";

// Only the screening of the advanced credit check behind Bun.serve: no schema, no limits, no log.
// Configured by the environment: PORT, WATCH_LISTS (one file).

const HEADERS = { "content-type": "application/json", "x-kyc-revision": "credit-check-advanced" };
const file = process.env["WATCH_LISTS"] ?? "";
const lists = await readWatchLists([{ file, text: await readFile(file, "utf8"), changedAt: 0 }]);
const { check } = variantOf("advanced");

Bun.serve({
  hostname: "127.0.0.1",
  port: Number(process.env["PORT"]),
  routes: {
    "/credit-check/report": {
      GET: () => new Response("ready"),
      // The applicant is not validated, because this is the upper bound.
      POST: async (request) => {
        const context = { lists, today: new Date().toISOString().slice(0, 10) };
        return Response.json(check((await request.json()) as never, context), { headers: HEADERS });
      },
    },
  },
  fetch: () => new Response("nothing here", { status: 404 }),
});
