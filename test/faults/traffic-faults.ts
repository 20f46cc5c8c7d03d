import { createServer } from "node:net";
import { forward, revision, TestProxy } from "../../scripts/mesh/testing/test-proxy.ts";
import { seededRandom } from "../../scripts/traffic/random.ts";
import { type Fault, type FaultResult, onMesh, type Stage } from "./scenario.ts";

type Socket = Awaited<ReturnType<typeof Bun.connect>>;

async function connected({ dev }: Stage, count: number): Promise<Socket[]> {
  const { hostname, port } = new URL(dev.ingress);
  const all: Socket[] = [];
  const connect = () => Bun.connect({ hostname, port: Number(port), socket: { data() {}, error() {} } });
  // Not all at once, because the accept queue of a socket is short.
  while (all.length < count) {
    const some = await Promise.allSettled(Array.from({ length: Math.min(200, count - all.length) }, connect));
    const open = some.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
    if (open.length === 0) break;
    all.push(...open);
  }
  return all;
}

async function still({ dev }: Stage): Promise<boolean> {
  return (await fetch(`${dev.ingress}/kyc/v1/customer`)).status === 200;
}

const GARBAGE_REQUESTS = 1_000;

/** A revision that answers with random bytes: the mesh answers each request, and none hangs. */
async function garbage(): Promise<FaultResult> {
  const random = seededRandom(9);
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", () => {
      const length = Math.floor(random() * 2_000);
      const bytes = Buffer.from(Array.from({ length }, () => Math.floor(random() * 256)));
      // Half of them begin like a valid response.
      const head = random() < 0.5 ? "HTTP/1.1 200 OK\r\ncontent-length: 5\r\nx: " : "";
      socket.end(Buffer.concat([Buffer.from(head), bytes]));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const proxy = new TestProxy({ a: port }, { rule: forward(revision("a"), { timeoutMs: 2_000 }) });
  const statuses = new Map<number, number>();
  try {
    for (let i = 0; i < GARBAGE_REQUESTS; i++) {
      const status = await fetch(`http://127.0.0.1:${proxy.port}/`, {
        headers: { host: "a" },
        signal: AbortSignal.timeout(5_000),
      })
        .then(async (response) => {
          await response.arrayBuffer();
          return response.status;
        })
        .catch(() => 0);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  } finally {
    proxy[Symbol.dispose]();
    server.close();
  }
  const told = [...statuses].map(([status, count]) => `${count} × ${status}`).join(", ");
  const good = statuses.get(200) ?? 0;
  return {
    fault: "a revision that writes garbage",
    sent: GARBAGE_REQUESTS,
    failed: GARBAGE_REQUESTS - good,
    unaccounted: 0,
    memoryMb: Math.round(process.memoryUsage().rss / 2 ** 20),
    ended: told,
    right: good === 0 && proxy.served.length === GARBAGE_REQUESTS,
  };
}

/** Faults of callers, edits and revisions. */
export const TRAFFIC_FAULTS: readonly Fault[] = [
  {
    name: "1,000 edits",
    run: () =>
      onMesh("1,000 edits", async (stage) => {
        stage.allow("0/100", "50/50");
        for (let i = 0; i < 999; i++) {
          await (i % 3 === 0 ? stage.edit(0, 100) : i % 3 === 1 ? stage.edit(50, 50) : stage.edit(100, 0));
          await Bun.sleep(10);
        }
        await stage.edit(0, 100);
        await Bun.sleep(3_000);
        const answers = await Promise.all(
          Array.from({ length: 20 }, () => fetch(`${stage.dev.ingress}/kyc/v1/customer`)),
        );
        const isLast = answers.every(
          ({ headers }) => headers.get("x-kyc-revision") === "credit-check-advanced",
        );
        return {
          ended: isLast ? "the last edit is in force" : "the last edit is not in force",
          right: isLast,
        };
      }),
  },
  {
    name: "10,000 idle connections",
    run: () =>
      onMesh("10,000 idle connections", async (stage) => {
        const sockets = await connected(stage, 10_000);
        await Bun.sleep(5_000);
        const right = (await still(stage)) && sockets.length === 10_000;
        for (const socket of sockets) socket.terminate();
        return { ended: `${sockets.length} were open`, right };
      }),
  },
  {
    name: "slow readers and writers",
    run: () =>
      onMesh("slow readers and writers", async (stage) => {
        const [readers, writers] = [await connected(stage, 200), await connected(stage, 200)];
        for (const reader of readers) {
          reader.pause();
          reader.write("GET /kyc/v1/customer HTTP/1.1\r\nhost: a\r\n\r\n");
        }
        const text = "GET /kyc/v1/customer HTTP/1.1\r\nhost: a\r\nx: ";
        for (let i = 0; i < 100; i++) {
          for (const writer of writers) writer.write(text[i] ?? "y");
          await Bun.sleep(100);
        }
        const right = await still(stage);
        for (const socket of [...readers, ...writers]) socket.terminate();
        return { ended: "400 connections for 10 s", right };
      }),
  },
  { name: "a revision that writes garbage", run: garbage },
];
