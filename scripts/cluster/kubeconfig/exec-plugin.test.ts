import { describe, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { type Connection, connect } from "../kube/connection.ts";
import { ExecPlugin } from "./exec-plugin.ts";
import { type ExecConfig, NoCluster } from "./kubeconfig.ts";
import { FakeApiServer, type FakeApiServerOptions } from "../kube/testing/fake-api-server.ts";
import { Folder } from "../kube/testing/temporary-folder.ts";
import { connectTo, kubeconfigFor } from "../kube/testing/kubeconfig.ts";
import { rejection } from "../kube/testing/rejection.ts";

describe("a credential plugin", () => {
  test("gives a token, by one run for many requests", async () => {
    await using given = await Given.start();
    const connection = given.connect(await given.plugin({ token: "t-RUN" }));
    await Promise.all([connection.send("/version"), connection.send("/version")]);
    await connection.send("/version");
    expect(given.authorizations).toEqual(["Bearer t-1", "Bearer t-1", "Bearer t-1"]);
  });

  test("gives a client certificate", async () => {
    await using given = await Given.start({ clientsOnly: true });
    const { cert, key } = given.server.authority.client("alice");
    await given
      .connect(await given.plugin({ clientCertificateData: cert, clientKeyData: key }))
      .send("/version");
    expect(given.server.requests).toMatchObject([{ client: "alice" }]);
  });

  test("is run again after its credentials have expired, and not before", async () => {
    await using given = await Given.start();
    for (const fromNow of [-1_000, 3_600_000]) {
      const expirationTimestamp = new Date(Date.now() + fromNow).toISOString();
      const connection = given.connect(await given.plugin({ token: "t-RUN", expirationTimestamp }));
      for (let i = 0; i < 2; i++) await connection.send("/version");
    }
    expect(given.authorizations).toEqual(["Bearer t-1", "Bearer t-2", "Bearer t-3", "Bearer t-3"]);
  });

  test("is run once more if its credentials are refused before they expire", async () => {
    await using given = await Given.start();
    given.server.on("GET /version", (answer, { headers }) => {
      if (headers.authorization === "Bearer t-2") answer.json({});
      else answer.refuse(401, "Unauthorized", "Unauthorized");
    });
    const connection = given.connect(await given.plugin({ token: "t-RUN" }));
    expect((await connection.send("/version")).status).toBe(200);
    expect(given.authorizations).toEqual(["Bearer t-1", "Bearer t-2"]);
  });

  test("is not repeated for a user that is refused", async () => {
    await using given = await Given.start();
    given.server.on("GET /version", (answer) => answer.refuse(401, "Unauthorized", "Unauthorized"));
    const connection = given.connect(await given.plugin({ token: "t-RUN" }));
    expect((await connection.send("/version")).status).toBe(401);
    expect(given.authorizations).toEqual(["Bearer t-1", "Bearer t-2"]);
  });

  test("gets its arguments and variables, and the purpose by the protocol", async () => {
    await using given = await Given.start();
    const exec = await given.script(
      'printf "%s|%s|%s|%s" "$1" "$2" "$GREETING" "$KUBERNETES_EXEC_INFO" > seen\n' + credential("t"),
      {
        args: ["a b", "$HOME"],
        env: [{ name: "GREETING", value: "hello" }],
        provideClusterInfo: true,
      },
    );
    await given.connect(exec).send("/version");
    const [first, second, greeting, info = ""] = (await given.read("seen")).split("|");
    expect([first, second, greeting]).toEqual(["a b", "$HOME", "hello"]);
    expect(JSON.parse(info)).toEqual({
      kind: "ExecCredential",
      apiVersion: exec.apiVersion,
      spec: {
        interactive: false,
        cluster: {
          server: given.server.url,
          "certificate-authority-data": Buffer.from(given.server.authority.cert).toString("base64"),
          config: null,
        },
      },
    });
  });

  test("is found relative to the kubeconfig that names it by a path", async () => {
    await using given = await Given.start();
    const exec = await given.plugin({ token: "t-RUN" });
    const user = { exec: { ...exec, command: "./plugin" } };
    const env = { KUBECONFIG: await given.folder.write("config", kubeconfigFor(given.server, { user })) };
    await connect({ env }).send("/version");
    expect(given.authorizations).toEqual(["Bearer t-1"]);
  });
});

describe("a credential plugin that fails is reported:", () => {
  test("it ends with an error", async () => {
    await using given = await Given.start();
    const exec = await given.script("echo 'please log in first' >&2; exit 3");
    const error = await rejection(given.connect(exec).send("/version"));
    expect(error).toBeInstanceOf(NoCluster);
    expect(error.message).toBe(
      `The credentials of test cannot be read: ${exec.command} ended with exit code 3: please log in first`,
    );
  });

  test("it is not installed", async () => {
    await using given = await Given.start();
    const exec = {
      ...NEVER_ASKS,
      command: "no-such-plugin-at-all",
      installHint: "Get it from example.test.",
    };
    const error = await rejection(given.connect(exec).send("/version"));
    expect(error).toBeInstanceOf(NoCluster);
    expect(error.message).toStartWith(
      "The credentials of test cannot be read: no-such-plugin-at-all cannot be run: ",
    );
    expect(error.message).toEndWith("\nGet it from example.test.");
  });

  test.each<[string, string, string]>([
    ["it prints no JSON", "echo hello", "did not print an ExecCredential"],
    ["it prints nothing", "", "did not print an ExecCredential"],
    ["it prints something else", 'echo \'{"kind":"ExecCredential"}\'', "did not print an ExecCredential"],
    [
      "it prints no credential",
      `echo '${credentialJson({})}'`,
      "gave neither a token nor a client certificate",
    ],
  ])("%s", async (_, text, why) => {
    await using given = await Given.start();
    const connection = given.connect(await given.script(text));
    // An invalid credential is not cached.
    for (let i = 0; i < 2; i++) {
      const error = await rejection(connection.send("/version"));
      expect(error).toBeInstanceOf(NoCluster);
      expect(error.message).toContain(why);
    }
  });

  test("it takes too long, even if its child processes continue", async () => {
    await using given = await Given.start();
    const exec = await given.script("sleep 5 & wait");
    const plugin = new ExecPlugin(exec, {
      cluster: { server: given.server.url },
      timeoutMs: 100,
      terminal: false,
    });
    expect((await rejection(plugin.credential())).message).toEndWith("gave no credentials within 0.1 s");
  });

  test("it would prompt, and there is no terminal", async () => {
    await using given = await Given.start();
    const exec = await given.script("read answer", { interactiveMode: "Always" });
    const plugin = new ExecPlugin(exec, {
      cluster: { server: given.server.url },
      timeoutMs: 5_000,
      terminal: false,
    });
    expect((await rejection(plugin.credential())).message).toEndWith(
      "needs a terminal for its input, and there is none",
    );
  });

  test("it waits for an input that never comes", async () => {
    await using given = await Given.start();
    const exec = await given.script('read answer || { echo "no input" >&2; exit 1; }');
    expect((await rejection(given.connect(exec).send("/version"))).message).toEndWith(
      "exit code 1: no input",
    );
  });

  test("it succeeds the next time", async () => {
    await using given = await Given.start();
    const exec = await given.script(`[ -e ready ] || exit 1\n${credential("t")}`);
    const connection = given.connect(exec);
    expect(await rejection(connection.send("/version"))).toBeInstanceOf(NoCluster);
    await given.folder.write("ready", "");
    expect((await connection.send("/version")).status).toBe(200);
  });
});

const NEVER_ASKS = { apiVersion: "client.authentication.k8s.io/v1", interactiveMode: "Never" } as const;

/** A server, and a folder for plugins. */
class Given implements AsyncDisposable {
  readonly server: FakeApiServer;
  readonly folder: Folder;

  private constructor(server: FakeApiServer, folder: Folder) {
    this.server = server;
    this.folder = folder;
  }

  static async start(options?: FakeApiServerOptions): Promise<Given> {
    const server = await FakeApiServer.start(options);
    server.on("GET /version", (answer) => answer.json({}));
    return new Given(server, await Folder.create());
  }

  get authorizations(): (string | undefined)[] {
    return this.server.requests.map(({ headers }) => headers.authorization);
  }

  connect(exec: ExecConfig): Connection {
    return connectTo(this.server, { user: { exec } });
  }

  /** A plugin that gives this, with the number of its run for `RUN`. */
  async plugin(status: Record<string, string>): Promise<ExecConfig> {
    await this.folder.write("credential.json", credentialJson(status));
    return this.script(
      'run=$(($(cat runs 2>/dev/null || echo 0) + 1)); echo $run > runs; sed "s/t-RUN/t-$run/" credential.json',
    );
  }

  /** A plugin that does this, in the folder. */
  async script(text: string, more: Partial<ExecConfig> = {}): Promise<ExecConfig> {
    const command = await this.folder.script("plugin", `cd "$(dirname "$0")"\n${text}`);
    return { ...NEVER_ASKS, command, ...more };
  }

  read(name: string): Promise<string> {
    return readFile(this.folder.at(name), "utf8");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server[Symbol.dispose]();
    await this.folder[Symbol.asyncDispose]();
  }
}

function credential(token: string): string {
  return `echo '${credentialJson({ token })}'`;
}

function credentialJson(status: Record<string, string>): string {
  return JSON.stringify({ kind: "ExecCredential", apiVersion: NEVER_ASKS.apiVersion, status });
}
