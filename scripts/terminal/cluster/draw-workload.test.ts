import { expect, test } from "bun:test";
import type { Status } from "../../cluster/live/status.ts";
import { PLAIN } from "../style.ts";
import { drawStatus } from "./draw-workload.ts";

test("the status names the header whose buckets split, and shows shares of a single bucket", () => {
  const split: Status["split"] = {
    by: "Istio",
    header: "x-kyc-bucket",
    shares: { "credit-check-basic": 0.9999, "credit-check-advanced": 0.0001 },
  };
  expect(drawStatus({ services: [], split, problems: [] }, PLAIN).at(-1)).toBe(
    "split  by Istio, by the buckets of x-kyc-bucket: credit-check-basic 99.99 %, credit-check-advanced 0.01 %",
  );
});
