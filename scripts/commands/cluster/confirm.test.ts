import { expect, test } from "bun:test";
import { isLocal } from "./confirm.ts";

test.each([
  ["minikube", "https://192.168.49.2:8443", true],
  ["kind-lab", "https://10.0.0.1", true],
  ["k3d-lab", "https://0.0.0.0:6550", true],
  ["sandbox", "https://127.0.0.1:6443", true],
  ["sandbox", "https://localhost:6443", true],
  ["sandbox", "https://[::1]:6443", true],
  ["prod", "https://api.example.com", false],
  ["my-minikube", "https://10.0.0.1", false],
  ["prod", "https://127.example.com", false],
])("a cluster %s at %s is the user's own: %p", (context, server, expected) => {
  expect(isLocal(context, server)).toBe(expected);
});
