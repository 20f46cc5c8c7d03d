import { NO_RETRY } from "../../route-fields/retries/retries.ts";
import { HttpClient } from "../http/client.ts";
import { type HttpServer, serveHttp } from "../http/server.ts";
import { relay } from "../relay/relay.ts";
import type { Generation, Served, StartTimer } from "../relay/relay-options.ts";
import type { Reservation } from "../revisions/request-queue.ts";
import { plainForward } from "../../traffic/plain-forward.ts";
import { NO_CHANGE } from "../../route-fields/headers/header-list.ts";
import {
  type Destination,
  type DirectAction,
  type ForwardAction,
  type LocalListener,
  type RedirectAction,
  type RouteTable,
  type Rule,
  type VirtualHosts,
} from "../../traffic/table.ts";
import { RawSocket } from "./raw-socket.ts";
import { until } from "./test-system.ts";

const NOWHERE: VirtualHosts = { exact: new Map(), suffixes: [], any: undefined };
const AT = { file: "test.yaml", line: 1, column: 1 };

/** Returns a rule that matches every request and forwards it to these destinations. */
export function forward(
  destinations: Destination | Destination[],
  action: Partial<ForwardAction> = {},
): Rule {
  return { at: AT, matches: [], action: { ...plainForward([destinations].flat()), ...action } };
}

export function redirect(action: Partial<RedirectAction>): Rule {
  return {
    at: AT,
    matches: [],
    action: {
      kind: "redirect",
      status: 302,
      uri: undefined,
      prefix: undefined,
      authority: undefined,
      scheme: undefined,
      port: undefined,
      response: NO_CHANGE,
      ...action,
    },
  };
}

/** Returns a rule that responds to every request itself. */
export function direct(action: Partial<DirectAction>): Rule {
  return {
    at: AT,
    matches: [],
    action: { kind: "direct", status: 200, body: new Uint8Array(), response: NO_CHANGE, ...action },
  };
}

/** Returns the retry policy of a rule. */
export function retrying(
  attempts: number,
  on: string[],
  perTryTimeoutMs?: number,
): Pick<ForwardAction, "retry"> {
  return { retry: { ...NO_RETRY, attempts, perTryTimeoutMs, on, backOffMs: 1 } };
}

/** The revision of this name. */
export function revision(name: string, destination: Partial<Destination> = {}): Destination {
  return {
    host: `${name}.test`,
    port: 80,
    subset: undefined,
    weight: 100,
    authority: undefined,
    request: NO_CHANGE,
    response: NO_CHANGE,
    backend: { kind: "revision", revision: name },
    ...destination,
  };
}

/**
 * Returns a destination for a host that only callers within the cluster reach; its rules are `inner` of `TestProxy`.
 */
export function inner(destination: Partial<Destination> = {}): Destination {
  return revision("inner", {
    authority: "inner.test",
    backend: { kind: "listener", listener: "mesh" },
    ...destination,
  });
}

export interface TestProxyOptions {
  /** The rule at the ingress; without one no host is served there. */
  rule?: Rule;
  /** The rule for `inner.test` within the cluster. */
  inner?: Rule;
  listener?: LocalListener;
  /** Returns the client of a revision; a promise for one that is being started. */
  client?: (revision: string) => HttpClient | Promise<HttpClient>;
  revisionTimeoutMs?: number;
  random?: () => number;
  /** Times injected delays and waits before retries. */
  startTimer?: StartTimer;
  /** Called when a request reserves a slot, with the processes that it has tried. */
  onReserve?: (revision: string, tried: ReadonlySet<HttpClient>) => void;
}

/** Server, relay and client connected as in the mesh, with given rules. */
export class TestProxy implements Disposable {
  readonly served: Served[] = [];
  /** The number of started requests. */
  begun = 0;
  readonly #http: HttpServer;
  readonly #clients = new Map<string, HttpClient>();

  /** @param ports the port of each revision, by name */
  constructor(ports: Readonly<Record<string, number>>, options: TestProxyOptions = {}) {
    const {
      rule,
      listener = "ingress",
      revisionTimeoutMs = Number.POSITIVE_INFINITY,
      random = Math.random,
    } = options;
    for (const [name, port] of Object.entries(ports))
      this.#clients.set(name, new HttpClient("127.0.0.1", port));
    const table: RouteTable = {
      listeners: {
        ingress: { ...NOWHERE, any: rule && [rule] },
        mesh: {
          ...NOWHERE,
          any: rule && [rule],
          exact: new Map(options.inner && [["inner.test", [options.inner]]]),
        },
        "local-gateway": NOWHERE,
      },
      backends: new Map(),
    };
    const generation: Generation = {
      table,
      reserve: (name, tried = new Set()) => {
        options.onReserve?.(name, tried);
        return reservationAt((options.client ?? ((of) => this.client(of)))(name));
      },
      revisionTimeoutMs: () => revisionTimeoutMs,
    };
    this.#http = serveHttp({
      hostname: "127.0.0.1",
      port: 0,
      onExchange: (exchange) => {
        this.begun++;
        relay(exchange, listener, {
          generation: () => generation,
          random,
          newRequestId: () => "fresh-id",
          ...(options.startTimer === undefined ? {} : { startTimer: options.startTimer }),
          onServed: (served) => this.served.push(served),
        });
      },
    });
  }

  get port(): number {
    return this.#http.port;
  }

  connect(): Promise<RawSocket> {
    return RawSocket.connect(this.port);
  }

  /** Sends one request. Resolves with all bytes received until the connection closes. */
  async ask(bytes: string): Promise<string> {
    using client = await this.connect();
    await client.send(bytes);
    return (await client.untilEnded()).text;
  }

  /** Lets requests in flight finish. Resolves when all connections are closed. */
  stop(): Promise<void> {
    return this.#http.stop();
  }

  client(name: string): HttpClient {
    const client = this.#clients.get(name);
    if (client === undefined) throw new Error(`the test has no revision ${name}`);
    return client;
  }

  /** Waits until this many requests were reported. */
  async untilServed(count = 1): Promise<Served[]> {
    await until(`${count} requests were served`, () => this.served.length >= count);
    return this.served;
  }

  [Symbol.dispose](): void {
    this.#http.terminate();
  }
}

function reservationAt(client: HttpClient | Promise<HttpClient>): Reservation {
  const release = (): void => {};
  if (!(client instanceof Promise)) return { client, cold: false, release };
  return {
    client: undefined,
    slot: client.then((ready) => ({ client: ready, cold: true, release })),
    release,
  };
}
