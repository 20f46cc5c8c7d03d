// Runs alone in a pod of the end-to-end test: `bun -e` with this text. Sends each request of the list byte for byte,
// because an attacker need not send valid HTTP.
import { connect } from "node:net";

interface Probe {
  name: string;
  host: string;
  port: number;
  /** The whole request. */
  text: string;
}

const TIMEOUT_MS = 10_000;
const ENOUGH = 2_000;

function ask({ host, port, text }: Probe): Promise<string> {
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect({ host, port });
    const end = (): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setEncoding("utf8");
    socket.setTimeout(TIMEOUT_MS, end);
    socket.on("connect", () => socket.write(text));
    socket.on("data", (data) => {
      answer += String(data);
      if (answer.length > ENOUGH) end();
    });
    socket.on("error", end);
    socket.on("close", end);
  });
}

const probes: Probe[] = JSON.parse(process.env["PROBES"] ?? "[]");
const queue = [...probes];
async function work(): Promise<void> {
  for (let probe = queue.shift(); probe !== undefined; probe = queue.shift()) {
    const answer = await ask(probe);
    console.log(JSON.stringify({ name: probe.name, answer: answer.slice(0, ENOUGH) }));
  }
}
await Promise.all(Array.from({ length: 8 }, work));
console.log(JSON.stringify({ done: true }));
