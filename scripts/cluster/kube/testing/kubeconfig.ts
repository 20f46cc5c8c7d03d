import { Kube } from "../client.ts";
import { type Connection, type ConnectOptions, connect } from "../connection.ts";
import type { FakeApiServer } from "./fake-api-server.ts";

/** Changes of a working kubeconfig. */
export interface KubeconfigChanges {
  cluster?: Record<string, unknown>;
  user?: Record<string, unknown>;
}

/** A kubeconfig for a fake API server: context `test`, the right authority, and no user. JSON is YAML. */
export function kubeconfigFor(server: FakeApiServer, { cluster, user }: KubeconfigChanges = {}): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "test",
    contexts: [{ name: "test", context: { cluster: "fake", user: "test-user" } }],
    clusters: [{ name: "fake", cluster: { server: server.url, ...authorityOf(server), ...cluster } }],
    users: [{ name: "test-user", user: user ?? {} }],
  });
}

export function connectTo(
  server: FakeApiServer,
  changes: KubeconfigChanges = {},
  options: ConnectOptions = {},
): Connection {
  return connect({ kubeconfig: kubeconfigFor(server, changes), timeoutMs: 5_000, ...options });
}

export function kubeOf(server: FakeApiServer): Kube {
  return new Kube(connectTo(server));
}

/** Text as the `-data` fields of a kubeconfig hold it. */
export function base64(text: string): string {
  return Buffer.from(text, "utf8").toString("base64");
}

function authorityOf({ authority }: FakeApiServer): Record<string, string> {
  return { "certificate-authority-data": base64(authority.cert) };
}
