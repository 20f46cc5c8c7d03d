import { strictEqual } from "node:assert";
import { CreditCheckAnswer, toCustomer } from "../../functions/kyc-aggregator/model.ts";
import { createUpstream, UpstreamFailure } from "../../functions/shared/upstream/upstream.ts";
import { findContradiction } from "../../scripts/cluster/kubeconfig/validate.ts";
import { NoCluster, readKubeconfig } from "../../scripts/cluster/kubeconfig/kubeconfig.ts";
import { parseDocuments } from "../../scripts/manifests/document.ts";
import { formatProblem } from "../../scripts/manifests/problem.ts";
import { collectResources } from "../../scripts/manifests/resources.ts";
import { bodyReader } from "../../scripts/mesh/http/body.ts";
import { requestFraming, responseFraming } from "../../scripts/mesh/http/framing.ts";
import { MalformedMessage, parseRequestHead, parseResponseHead } from "../../scripts/mesh/http/head.ts";
import { Incoming } from "../../scripts/mesh/http/incoming.ts";
import { BadLine, readLine } from "../../scripts/rollout/judge/trace/line.ts";
import { TraceJudge } from "../../scripts/rollout/judge/trace/trace.ts";
import type { FuzzTarget } from "./fuzz.ts";

/** A message as parsed by the mesh's HTTP parser, or its refusal. */
function readMessage(pieces: readonly Buffer[], isRequest: boolean): string {
  const incoming = new Incoming();
  const content: Buffer[] = [];
  let reader: ReturnType<typeof bodyReader> | undefined;
  let head = "";
  let isOver = false;
  try {
    for (const piece of pieces) {
      if (isOver) break;
      incoming.push(Buffer.from(piece));
      if (reader === undefined) {
        incoming.skipEmptyLines();
        const text = incoming.takeHead();
        if (text === undefined) continue;
        const parsed = isRequest ? parseRequestHead(text) : parseResponseHead(text);
        head = JSON.stringify({ ...parsed, headers: [...parsed.headers] });
        const framing = "method" in parsed ? requestFraming(parsed) : responseFraming(parsed, "GET");
        reader = bodyReader(framing);
      }
      isOver = reader.push(incoming.takeAll(), (bytes) => content.push(Buffer.from(bytes))) >= 0;
    }
  } catch (error) {
    if (!(error instanceof MalformedMessage)) throw error;
    return "refused";
  }
  return `${head} ${Buffer.concat(content).toString("latin1")} ${isOver}`;
}

const http: FuzzTarget = {
  name: "http",
  words: [
    "\r\n",
    "\r\n\r\n",
    "Host: a",
    "Content-Length: 5",
    "Transfer-Encoding: chunked",
    "HTTP/1.1",
    "GET / ",
    "0\r\n\r\n",
    "Connection: close",
    " ",
    "\t",
    "%00",
    "http://a/",
  ],
  run(input) {
    for (const isRequest of [true, false]) {
      // How the network splits a message must not change its meaning.
      const middle = input.length >> 1;
      const whole = readMessage([input], isRequest);
      strictEqual(readMessage([input.subarray(0, middle), input.subarray(middle)], isRequest), whole);
    }
  },
};

const yaml: FuzzTarget = {
  name: "yaml",
  usualBytes: 384,
  words: [
    "---\n",
    "- ",
    ": ",
    "&a ",
    "*a",
    "<<: ",
    "!!binary ",
    "|\n",
    ">-\n",
    '"',
    "'",
    "{",
    "[",
    "percent: 50",
    "# ",
    "\t",
    "\n  ",
    "? ",
    "~",
    "0x1",
    "1e3",
    ".inf",
    "2001-01-01",
  ],
  run(input) {
    const { documents, problems } = parseDocuments("fuzz.yaml", input.toString("utf8"));
    for (const problem of [...problems, ...collectResources(documents).problems]) formatProblem(problem);
  },
};

/** The maximum number of requests in one input: more would measure the judge. */
const MOST_REQUESTS = 10_000;

const trace: FuzzTarget = {
  name: "trace",
  words: [
    '"t":',
    '"ms":',
    '"share":',
    '"count":',
    '"revision":"candidate"',
    '"ok":false',
    '"kind":"error"',
    "1e308",
    "-1",
    "null",
    "NaN",
    "\n",
    "{}",
    "[]",
    '"excluded":"probe"',
    '"unit":"a"',
    "1e-320",
  ],
  run(input) {
    const lines = input.toString("utf8").split("\n");
    const judge = new TraceJudge();
    let requests = 0;
    try {
      for (const [i, line] of lines.entries()) {
        if (line.trim() !== "") requests += readLine(line, i + 1).count ?? 1;
        if (requests > MOST_REQUESTS) return;
        judge.add(line);
      }
    } catch (error) {
      if (!(error instanceof BadLine)) throw error;
      return;
    }
    const { because, evidence } = judge.end();
    strictEqual(because.includes("NaN"), false, "a verdict is about numbers");
    const { logE } = evidence.at(-1)?.worse ?? { logE: 0 };
    strictEqual(Number.isNaN(logE), false, "evidence is a number");
  },
};

const kubeconfig: FuzzTarget = {
  name: "kubeconfig",
  words: [
    "current-context: ",
    "clusters:\n",
    "users:\n",
    "- name: a\n",
    "  cluster: {server: https://a}\n",
    "exec:\n",
    "null",
    "~",
    "{}",
    "[]",
    "certificate-authority-data: AAAA",
    "token: ",
    "*a",
    "&a ",
  ],
  run(input) {
    try {
      findContradiction(readKubeconfig({ kubeconfig: input.toString("utf8"), env: {} }));
    } catch (error) {
      if (!(error instanceof NoCluster)) throw error;
    }
  },
};

const STATUSES = [200, 200, 200, 201, 301, 404, 429, 500, 503];

const upstream: FuzzTarget = {
  name: "upstream",
  words: [
    '"type":"BASIC"',
    '"blackListed":true',
    '"backgroundCheckPass":false',
    '"__proto__":{}',
    '"constructor":',
    '"toJSON":1',
    "\\u0000",
    "\\",
    "[[[[",
    "{",
    "}",
    ",",
    "null",
    "1e999",
    '"length":9',
  ],
  async run(input) {
    const [first = 0] = input;
    const body = input.subarray(1);
    const ask = createUpstream({
      name: "credit-check",
      self: "fuzz",
      origin: "http://credit-check.internal",
      answer: CreditCheckAnswer,
      timeoutMs: 1_000,
      fetch: async () => {
        const status = STATUSES[first % STATUSES.length] ?? 200;
        return new Response(body, {
          status,
          headers: first & 64 ? { "content-length": String(body.length) } : {},
        });
      },
      clock: () => 0,
      metrics: {
        request() {},
        upstreamCall() {},
        append() {},
        contentType: "",
        text: async () => "",
      },
    });
    const call = {
      requestId: "r",
      traceId: undefined,
      span: undefined,
      startedAt: 0,
      upstream: undefined,
      headers: undefined,
      recorded: false,
    };
    try {
      const answer = await ask.ask("/report", new Request("http://a/"), call);
      const customer = toCustomer(answer.body);
      // The forwarded answer is one JSON object with the nine keys of the contract, with the same meaning.
      const again: unknown = JSON.parse(JSON.stringify(customer));
      strictEqual(Object.keys(customer).slice(0, 2).join(), "type,blackListed");
      strictEqual(Bun.deepEquals(again, customer), true, "it says the same as JSON");
    } catch (error) {
      if (!(error instanceof UpstreamFailure)) throw error;
    }
  },
};

/** All targets. */
export const TARGETS: readonly FuzzTarget[] = [http, yaml, trace, kubeconfig, upstream];
