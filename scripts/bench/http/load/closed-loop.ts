// The bundled load generator: `bun closed-loop.ts URL SECONDS CONNECTIONS [BODY]` writes one line of figures. With a JSON
// body it sends POST. It runs in a separate process, so that it can be pinned to its own processor. It parses an answer only
// as far as needed to find its end.

const [, , url = "", seconds = "1", connections = "1", body] = process.argv;
const { hostname, port, pathname, search } = new URL(url);
const target = `${pathname}${search} HTTP/1.1\r\nhost: ${hostname}:${port}\r\n`;
const request =
  body === undefined
    ? `GET ${target}\r\n`
    : `POST ${target}content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
const HEAD_END = Buffer.from("\r\n\r\n");

const times: number[] = [];
let failed = 0;
const startedAt = performance.now();
const endsAt = startedAt + Number(seconds) * 1000;

await Promise.all(Array.from({ length: Number(connections) }, loop));

times.sort((a, b) => a - b);
const rank = (share: number): number =>
  times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;
const rps = times.length / ((performance.now() - startedAt) / 1000);
console.log(JSON.stringify({ requests: times.length, rps, p50: rank(0.5), p99: rank(0.99), failed }));

/** Runs one connection until the time is over. */
function loop(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let sentAt = 0;
  let received: Buffer = Buffer.alloc(0);
  let isOver = false;
  // A refused connection is reported twice.
  const end = (failures: 0 | 1): void => {
    if (isOver) return;
    isOver = true;
    failed += failures;
    resolve();
  };
  Bun.connect({
    hostname,
    port: Number(port || 80),
    socket: {
      open(socket) {
        sentAt = performance.now();
        socket.write(request);
      },
      data(socket, bytes) {
        received = received.length === 0 ? bytes : Buffer.concat([received, bytes]);
        if (!isWhole(received)) return;
        const now = performance.now();
        if (received.toString("latin1", 9, 10) === "2") times.push(now - sentAt);
        else failed++;
        received = Buffer.alloc(0);
        if (now >= endsAt) {
          end(0);
          return void socket.end();
        }
        sentAt = now;
        socket.write(request);
      },
      close: () => end(performance.now() < endsAt ? 1 : 0),
      connectError: () => end(1),
    },
  }).catch(() => end(1));
  return promise;
}

/** Whether an answer is complete, by its declared length or by its last chunk. */
function isWhole(bytes: Buffer): boolean {
  const end = bytes.indexOf(HEAD_END);
  if (end < 0) return false;
  const length = /\r\ncontent-length: *([0-9]+)/i.exec(bytes.toString("latin1", 0, end))?.[1];
  if (length === undefined) return bytes.subarray(-5).toString("latin1") === "0\r\n\r\n";
  return bytes.length >= end + HEAD_END.length + Number(length);
}
