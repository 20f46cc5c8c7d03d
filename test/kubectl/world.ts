import { readFile, rm } from "node:fs/promises";
import Type, { type Static } from "typebox";
import { ConnectProxy } from "../../scripts/cluster/kube/testing/connect-proxy.ts";
import { FakeApiServer } from "../../scripts/cluster/kube/testing/fake-api-server.ts";
import { base64 } from "../../scripts/cluster/kube/testing/kubeconfig.ts";
import { Folder } from "../../scripts/cluster/kube/testing/temporary-folder.ts";
import type { Case, World } from "./kubeconfig-cases.ts";

const Sent = Type.Object({
  /** The server that the request reached. */
  to: Type.Enum(["secure", "expired", "plain"]),
  authorization: Type.Optional(Type.String()),
  as: Type.Optional(Type.String()),
  /** The name in the client certificate. */
  client: Type.Optional(Type.String()),
});
type Sent = Static<typeof Sent>;

/** The result of a kubeconfig. */
export const Outcome = Type.Object({
  /** Whether the request succeeded. */
  answered: Type.Boolean(),
  /** The different requests that reached a server. */
  sent: Type.Array(Sent),
  /** The credentials that the proxy received, if any. */
  proxied: Type.Array(Type.Union([Type.String(), Type.Null()])),
  /** The input of the credential plugin, if it ran, without addresses and certificates. */
  plugin: Type.Union([
    Type.Null(),
    Type.Object({ greeting: Type.String(), outside: Type.String(), info: Type.Unknown() }),
  ]),
});
export type Outcome = Static<typeof Outcome>;

const PLUGIN = `#!/bin/sh
printf '%s\\n%s\\n%s' "$GREETING" "$OUTSIDE" "$KUBERNETES_EXEC_INFO" > "$(dirname "$0")/seen"
echo '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"of-plugin"}}'`;

/** Servers, a proxy and files for one case after another. */
export class Trial implements AsyncDisposable {
  readonly world: World;
  readonly #plain: ReturnType<typeof Bun.serve>;
  readonly #plainRequests: Request[];

  private constructor(world: World, plain: ReturnType<typeof Bun.serve>, plainRequests: Request[]) {
    this.world = world;
    this.#plain = plain;
    this.#plainRequests = plainRequests;
  }

  static async start(): Promise<Trial> {
    const folder = await Folder.create();
    const secure = await FakeApiServer.start();
    const expired = await FakeApiServer.start({ authority: secure.authority, expired: true });
    for (const server of [secure, expired]) server.on("GET /readyz", (answer) => answer.json({}));
    const requests: Request[] = [];
    const plain = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch(request) {
        requests.push(request);
        return Response.json({});
      },
    });
    const { cert, key } = secure.authority.client("alice");
    await folder.write("client.crt", cert);
    await folder.write("client.key", key);
    await folder.write("ca.crt", secure.authority.cert);
    await folder.write("token", "of-file\n");
    const world: World = {
      secure,
      expired,
      plain: { url: `http://127.0.0.1:${plain.port}` },
      proxy: await ConnectProxy.start(),
      folder,
      plugin: await folder.script("plugin", PLUGIN.replace("#!/bin/sh\n", "")),
    };
    return new Trial(world, plain, requests);
  }

  /**
   * Tries a case with a client.
   * @param send requests `/readyz` with this environment; returns whether it succeeded
   */
  async run(each: Case, send: (env: Record<string, string>) => Promise<boolean>): Promise<Outcome> {
    const { world } = this;
    const { secure, expired, proxy, folder } = world;
    for (const list of [secure.requests, expired.requests, proxy.connects, this.#plainRequests])
      list.length = 0;
    await rm(folder.at("seen"), { force: true });
    const kubeconfig = await folder.write("config", JSON.stringify(this.#kubeconfig(each)));
    const before: string[] = [];
    const after: string[] = [];
    for (const other of each.others ?? []) {
      const path = folder.at(other.name);
      await rm(path, { force: true });
      if (other.content !== undefined) await folder.write(other.name, other.content);
      (other.before ? before : after).push(path);
    }
    const env = {
      KUBECONFIG: [...before, kubeconfig, ...after].join(":"),
      HOME: folder.path,
      ...each.env?.(world),
    };
    const answered = await send(env);
    return { answered, sent: this.#sent(), proxied: this.#proxied(), plugin: await this.#plugin() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { secure, expired, proxy, folder } = this.world;
    for (const server of [secure, expired, proxy]) server[Symbol.dispose]();
    await this.#plain.stop(true);
    await folder[Symbol.asyncDispose]();
  }

  #kubeconfig({ cluster, user }: Case): object {
    const { secure } = this.world;
    const known = { server: secure.url, "certificate-authority-data": base64(secure.authority.cert) };
    return {
      apiVersion: "v1",
      kind: "Config",
      "current-context": "test",
      contexts: [{ name: "test", context: { cluster: "fake", user: "test-user" } }],
      clusters: [{ name: "fake", cluster: { ...known, ...cluster?.(this.world) } }],
      users: [{ name: "test-user", user: user?.(this.world) ?? {} }],
    };
  }

  #sent(): Sent[] {
    const { secure, expired } = this.world;
    const all: Sent[] = [];
    for (const [to, server] of [["secure", secure] as const, ["expired", expired] as const]) {
      for (const { headers, client } of server.requests)
        all.push(sent(to, headers.authorization, headers["impersonate-user"], client));
    }
    for (const { headers } of this.#plainRequests)
      all.push(sent("plain", headers.get("authorization"), headers.get("impersonate-user"), undefined));
    return [...new Map(all.map((each) => [JSON.stringify(each), each])).values()];
  }

  #proxied(): (string | null)[] {
    return [...new Set(this.world.proxy.connects.map(({ authorization }) => authorization ?? null))];
  }

  async #plugin(): Promise<Outcome["plugin"]> {
    const seen = await readFile(this.world.folder.at("seen"), "utf8").catch(() => undefined);
    if (seen === undefined) return null;
    const [greeting = "", outside = "", info = ""] = seen.split("\n");
    const shape = JSON.parse(info, (key, value: unknown) =>
      key === "server" || key === "certificate-authority-data" ? "…" : value,
    );
    return { greeting, outside, info: shape };
  }
}

function sent(
  to: Sent["to"],
  authorization: string | null | undefined,
  as: string | string[] | null | undefined,
  client: string | undefined,
): Sent {
  return {
    to,
    ...(authorization ? { authorization } : {}),
    ...(as ? { as: String(as) } : {}),
    ...(client === undefined ? {} : { client }),
  };
}
