import { expect, test } from "bun:test";
import { parseWrk } from "./wrk.ts";

const OUTPUT = `Running 2s test @ http://127.0.0.1:7102/credit-check/report
  1 threads and 32 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.17ms    2.45ms  58.71ms   96.40%
    Req/Sec    33.84k     5.10k   41.20k    75.00%
  Latency Distribution
     50%  790.00us
     75%    1.02ms
     90%    1.61ms
     99%    1.20s
  67345 requests in 2.00s, 14.32MB read
Requests/sec:  33662.05
Transfer/sec:      7.16MB
`;

test("wrk's output is parsed with its units", () => {
  expect(parseWrk(OUTPUT)).toEqual({ requests: 67_345, rps: 33_662.05, p50: 0.79, p99: 1200, failed: 0 });
});

test("responses other than 2xx and broken connections are failures", () => {
  const text = OUTPUT.replace(
    "Requests/sec",
    "  Socket errors: connect 1, read 2, write 3, timeout 4\n  Non-2xx or 3xx responses: 50\nRequests/sec",
  );
  expect(parseWrk(text)?.failed).toBe(60);
});

test("refuses other output", () => {
  expect(parseWrk("unable to connect to 127.0.0.1:1 Connection refused")).toBeUndefined();
  expect(parseWrk(OUTPUT.replace("99%", "98%"))).toBeUndefined();
});
