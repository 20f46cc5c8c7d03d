import { type ApiRequest, type Connection, Unreachable } from "../../scripts/cluster/kube/connection.ts";
import { seededRandom } from "../../scripts/traffic/random.ts";

/** Simulates an API server under load: it answers late, refuses every fifth request, and closes connections. */
export class FaultyConnection implements Connection {
  readonly context: string;
  readonly server: string;
  readonly namespace: string | undefined;
  readonly dial?: NonNullable<Connection["dial"]>;
  readonly #upstream: Connection;
  readonly #random: () => number;
  /** Whether anything fails at all. */
  isFaulty = true;
  /** Since it fails. */
  requests = 0;
  refused = 0;

  readonly #latestMs: number;

  /** @param options.latestMs how late an answer is at most, in milliseconds */
  constructor(upstream: Connection, seed: number, { latestMs = 60 }: { latestMs?: number } = {}) {
    const { context, server, namespace, dial } = upstream;
    this.context = context;
    this.server = server;
    this.namespace = namespace;
    if (dial !== undefined) this.dial = (path, protocol) => this.#dial(dial, path, protocol);
    this.#upstream = upstream;
    this.#random = seededRandom(seed);
    this.#latestMs = latestMs;
  }

  send(path: string, request?: ApiRequest): Promise<Response> {
    return this.#answer(path, request, () => this.#upstream.send(path, request));
  }

  open(path: string, request?: ApiRequest): Promise<Response> {
    return this.#answer(path, request, async () => {
      const response = await this.#upstream.open(path, request);
      return /[?&]watch=/.test(path) ? this.#cutLater(response) : response;
    });
  }

  async #answer(
    path: string,
    request: ApiRequest | undefined,
    ask: () => Promise<Response>,
  ): Promise<Response> {
    if (!this.isFaulty) return ask();
    this.requests++;
    await Bun.sleep(this.#random() * this.#latestMs);
    const chance = this.#random();
    const isWrite = (request?.method ?? "GET") !== "GET" && !path.endsWith("reviews");
    // An API server refuses writes by 409, and watches and pages of lists by 410.
    if (chance < 0.1 && isWrite) return this.#refuse(409, "Conflict");
    if (chance < 0.1 && /[?&](watch|continue)=/.test(path)) return this.#refuse(410, "Expired");
    if (chance < 0.14) return this.#refuse(429, "TooManyRequests");
    if (chance < 0.2) return this.#refuse(500, "InternalError");
    if (chance < 0.24) return this.#close("the connection was closed");
    const response = await ask();
    // The write takes effect, but the response is lost.
    if (chance < 0.28 && isWrite) return this.#close("the connection was closed before the answer");
    return response;
  }

  /** A watch whose stream breaks off after up to two seconds. */
  #cutLater(response: Response): Response {
    const cut = new TransformStream<Uint8Array, Uint8Array>({
      start: (controller) => {
        if (!this.isFaulty) return;
        setTimeout(() => controller.error(new Error("the watch was cut")), this.#random() * 2_000).unref();
      },
    });
    const { status, headers } = response;
    return new Response(response.body?.pipeThrough(cut) ?? null, { status, headers });
  }

  async #dial(dial: NonNullable<Connection["dial"]>, path: string, protocol: string): Promise<WebSocket> {
    if (!this.isFaulty) return dial(path, protocol);
    this.requests++;
    await Bun.sleep(this.#random() * this.#latestMs);
    if (this.#random() < 0.1) return this.#close("the connection was closed");
    return dial(path, protocol);
  }

  #close(why: string): never {
    this.refused++;
    throw new Unreachable(why);
  }

  #refuse(code: number, reason: string): Response {
    this.refused++;
    return Response.json({ kind: "Status", reason, code, message: reason }, { status: code });
  }
}
