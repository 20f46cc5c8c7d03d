import { HeaderList } from "../../scripts/route-fields/headers/header-list.ts";
import type { Exchange } from "../../scripts/mesh/http/exchange.ts";
import { type HttpServer, serveHttp } from "../../scripts/mesh/http/server.ts";
import { ASKS, MIRROR } from "./echo-names.ts";
import type { Seen } from "./answer-schema.ts";

/** A listening echo, and the requests that it received as a mirror. */
export interface Echo {
  readonly port: number;
  stop(): void;
}

/** The path at which an echo returns the copies it received. No table has it. */
export const COPIES_PATH = "/__copies";

// Older names are dropped.
const MAX_CASES = 20_000;

/**
 * Serves a program that returns the request in the header `x-echo`, as JSON in base64, so that responses without a body
 * contain it too. The same program runs behind the mesh and behind Envoy.
 */
export function startEcho(revision: string, hostname: string, port: number): Echo {
  const tries = new Map<string, number>();
  const copies = new Map<string, Seen[]>();
  const server: HttpServer = serveHttp({
    hostname,
    port,
    onExchange: (exchange) => {
      const pieces: Buffer[] = [];
      exchange.readBody(
        (content) => pieces.push(content),
        () => void answer(exchange, Buffer.concat(pieces)),
      );
    },
  });
  return { port: server.port, stop: () => server.terminate() };

  async function answer(exchange: Exchange, body: Buffer): Promise<void> {
    const { method, target, authority, headers } = exchange.request;
    const name = headers.get(ASKS.case) ?? "";
    if (target.startsWith(COPIES_PATH)) return tellCopies(exchange);
    const seen: Seen = {
      revision,
      method,
      target,
      authority,
      headers: [...headers],
      body: body.toString("latin1"),
      tries: (tries.get(name) ?? 0) + 1,
    };
    if (revision === MIRROR) {
      copies.set(name, [...(copies.get(name) ?? []), { ...seen, tries: 0 }]);
      forgetOld(copies);
      return exchange.reply(200, "a copy");
    }
    tries.set(name, seen.tries);
    forgetOld(tries);
    const [failure = "", count = "0"] = (headers.get(ASKS.fail) ?? "").split(" ");
    const sleep = Number(headers.get(ASKS.sleep) ?? 0);
    if (sleep > 0) await Bun.sleep(sleep);
    const fails = seen.tries <= Number(count);
    if (fails && failure === "reset") return exchange.breakOff();
    const fields = ["x-echo", Buffer.from(JSON.stringify(seen)).toString("base64"), ...OWN_HEADERS.flat()];
    exchange.reply(fails ? Number(failure) : 200, `hello from ${revision}`, new HeaderList(fields));
  }

  function tellCopies(exchange: Exchange): void {
    exchange.reply(200, JSON.stringify([...copies]), new HeaderList(["content-type", "application/json"]));
    copies.clear();
  }
}

// For rules to set, add to and remove.
const OWN_HEADERS = [
  ["x-old", "1"],
  ["x-many", "a"],
  ["x-many", "b"],
  ["content-type", "text/echo"],
] as const;

function forgetOld(map: Map<string, unknown>): void {
  for (const name of map.keys()) {
    if (map.size <= MAX_CASES) return;
    map.delete(name);
  }
}

if (import.meta.main)
  startEcho(process.env["REVISION"] ?? "echo", "0.0.0.0", Number(process.env["PORT"] ?? 8080));
