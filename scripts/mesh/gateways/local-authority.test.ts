import { afterAll, beforeAll, expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LocalAuthority } from "./local-authority.ts";

let root: string;
beforeAll(async () => void (root = await mkdtemp(join(tmpdir(), "kyc-tls-"))));
afterAll(() => rm(root, { recursive: true, force: true }));

test("certificates are valid for their names, and signed by the authority", async () => {
  const authority = await LocalAuthority.open(root);
  const { cert, key } = authority.issue(["shop.example", "*.shop.localhost", "127.0.0.1"]);
  const own = new X509Certificate(cert);
  const signer = new X509Certificate(await readFile(LocalAuthority.path(root), "utf8"));
  expect(own.subjectAltName).toBe("DNS:shop.example, DNS:*.shop.localhost, IP Address:127.0.0.1");
  expect(own.checkHost("a.shop.localhost")).toBe("*.shop.localhost");
  expect(own.checkIP("127.0.0.1")).toBe("127.0.0.1");
  expect(own.verify(signer.publicKey)).toBe(true);
  expect(own.checkIssued(signer)).toBe(true);
  expect([own.ca, signer.ca]).toEqual([false, true]);
  expect(key).toStartWith("-----BEGIN PRIVATE KEY-----");
});

test("certificates for many names are readable", async () => {
  const names = Array.from({ length: 400 }, (_, i) => `host-${i}.shop.example`);
  const { cert } = (await LocalAuthority.open(root)).issue(names);
  expect(new X509Certificate(cert).subjectAltName?.split(", ")).toHaveLength(400);
});

test("the same names get the same certificate, in any order", async () => {
  const authority = await LocalAuthority.open(root);
  expect(authority.issue(["a.example", "b.example"])).toBe(authority.issue(["b.example", "a.example"]));
});

test("the authority persists, with a key that only its user can read", async () => {
  const path = LocalAuthority.path(root);
  await LocalAuthority.open(root);
  const before = await readFile(path, "utf8");
  await LocalAuthority.open(root);
  expect(await readFile(path, "utf8")).toBe(before);
  expect((await stat(path.replace(/crt$/, "key"))).mode & 0o777).toBe(0o600);
});

test("a new one is made if the files do not match, or after ten years", async () => {
  const path = LocalAuthority.path(root);
  await LocalAuthority.open(root);
  const before = await readFile(path, "utf8");
  await writeFile(path.replace(/crt$/, "key"), "no key");
  await LocalAuthority.open(root);
  const after = await readFile(path, "utf8");
  expect(after).not.toBe(before);
  await LocalAuthority.open(root, new Date(Date.now() + 11 * 365 * 24 * 3_600_000));
  expect(await readFile(path, "utf8")).not.toBe(after);
});
