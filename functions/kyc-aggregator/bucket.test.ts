import { createHmac } from "node:crypto";
import { expect, test } from "bun:test";
import { BUCKETS, createBuckets } from "./bucket.ts";
import { aggregator } from "./testing/contract.ts";

const KEY = "a key for tests only";
const ids = Array.from({ length: 20_000 }, (_, i) => `A-${i}`);

test("an applicant has one bucket of four digits, by HMAC-SHA-256 with the key", () => {
  const [one, other] = [createBuckets(KEY), createBuckets("another key for tests")];
  for (const id of ids.slice(0, 100)) {
    const digest = createHmac("sha256", KEY).update(id).digest();
    expect(one(id)).toBe(String(digest.readUIntBE(0, 6) % BUCKETS).padStart(4, "0"));
  }
  expect(ids.filter((id) => one(id) === other(id)).length).toBeLessThan(20);
});

test.each([
  ["with a key", createBuckets(KEY)],
  ["without a key", createBuckets("")],
])("buckets are even: %s", (_how, bucketOf) => {
  // Chi-square of ten ranges of equal width; it exceeds 33.7 by chance once in ten thousand runs.
  const counts = Array.from({ length: 10 }, () => 0);
  for (const id of ids) {
    const range = Number(bucketOf(id).slice(0, 1));
    counts[range] = (counts[range] ?? 0) + 1;
  }
  const expected = ids.length / 10;
  expect(counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)).toBeLessThan(33.7);
});

test("the credit check gets the aggregator's bucket, never one that a caller sends", async () => {
  const buckets: (string | null)[] = [];
  const { ask, text } = aggregator(async (_url, init) => {
    buckets.push(new Headers(init?.headers).get("x-kyc-bucket"));
    return new Response('{"type":"BASIC","blackListed":false,"backgroundCheckPass":true}');
  });
  const post = {
    method: "POST",
    body: JSON.stringify({ applicantId: "A-1", name: "Anna Maria Eriksson" }),
    headers: { "content-type": "application/json", "x-kyc-bucket": "77777" },
  };
  await ask("/kyc/v1/customer", post);
  await ask("/ingress/kyc/v1/customer?type=basicReport", post);
  await ask("/kyc/v1/customer", { headers: { "x-kyc-bucket": "77777" } });
  expect(buckets.slice(0, 2)).toEqual([createBuckets(KEY)("A-1"), createBuckets(KEY)("A-1")]);
  expect(buckets[2]).toMatch(/^[0-9]{4}$/);
  expect(text()).not.toMatch(/A-1|Eriksson/);
});
