import { Authority } from "../../scripts/cluster/kube/testing/certificates.ts";
import { ConnectProxy } from "../../scripts/cluster/kube/testing/connect-proxy.ts";
import { FakeApiServer } from "../../scripts/cluster/kube/testing/fake-api-server.ts";
import { base64 } from "../../scripts/cluster/kube/testing/kubeconfig.ts";
import { Folder } from "../../scripts/cluster/kube/testing/temporary-folder.ts";

/** The servers and files of the cases. */
export interface World {
  secure: FakeApiServer;
  /** Has an expired certificate of the same authority. */
  expired: FakeApiServer;
  /** Speaks HTTP without TLS. */
  plain: { url: string };
  proxy: ConnectProxy;
  folder: Folder;
  /** A credential plugin, which records that it ran and its input. */
  plugin: string;
}

type Fields = Record<string, unknown>;

/** A kubeconfig to try. */
export interface Case {
  name: string;
  cluster?: (world: World) => Fields;
  user?: (world: World) => Fields;
  /** Environment variables in addition to KUBECONFIG. */
  env?: (world: World) => Record<string, string>;
  /** Other files in KUBECONFIG, by name, and whether they come before the kubeconfig itself. */
  others?: { name: string; content: string | undefined; before: boolean }[];
  /** Why this client refuses, although kubectl does not. */
  stricter?: string;
}

const exec = ({ plugin }: World, more: Fields = {}): Fields => ({
  exec: {
    apiVersion: "client.authentication.k8s.io/v1",
    command: plugin,
    interactiveMode: "Never",
    ...more,
  },
});
const plain = ({ plain: { url } }: World): Fields => ({
  server: url,
  "certificate-authority-data": undefined,
});
const certificate = ({ secure }: World): Fields => {
  const { cert, key } = secure.authority.client("alice");
  return { "client-certificate-data": base64(cert), "client-key-data": base64(key) };
};
const token = (): Fields => ({ token: "t0ken" });

/** The cases. The cluster is the secure server, with its own authority, unless a case says otherwise. */
export const CASES: readonly Case[] = [
  { name: "token", user: token },
  { name: "client certificate", user: certificate },
  { name: "user name and password", user: () => ({ username: "u", password: "p" }) },
  { name: "token file", user: ({ folder }) => ({ tokenFile: folder.at("token") }) },
  { name: "token and token file", user: ({ folder }) => ({ token: "old", tokenFile: folder.at("token") }) },
  { name: "token file that is missing", user: ({ folder }) => ({ tokenFile: folder.at("nothing") }) },
  { name: "token and user name", user: () => ({ token: "t", username: "u", password: "p" }) },
  { name: "impersonation", user: () => ({ token: "t0ken", as: "auditor" }) },
  { name: "impersonation of a group alone", user: () => ({ token: "t0ken", "as-groups": ["readers"] }) },
  {
    name: "impersonation with a group",
    user: () => ({ token: "t0ken", as: "auditor", "as-groups": ["readers"] }),
    stricter: "several groups need a header each, which fetch joins into one",
  },
  {
    name: "client certificate without its key",
    user: (world) => ({ ...certificate(world), "client-key-data": undefined }),
  },
  {
    name: "client certificate as file and as data",
    user: (world) => ({ ...certificate(world), "client-certificate": world.folder.at("client.crt") }),
  },
  {
    name: "client key as file and as data",
    user: (world) => ({ ...certificate(world), "client-key": world.folder.at("client.key") }),
  },
  {
    name: "expired client certificate",
    user: ({ secure }) => {
      const { cert, key } = secure.authority.expiredClient("alice");
      return { "client-certificate-data": base64(cert), "client-key-data": base64(key) };
    },
  },
  { name: "auth-provider gcp", user: () => ({ "auth-provider": { name: "gcp" } }) },

  { name: "http server, token", cluster: plain, user: token },
  {
    name: "http server, token file",
    cluster: plain,
    user: ({ folder }) => ({ tokenFile: folder.at("token") }),
  },
  { name: "http server, user name", cluster: plain, user: () => ({ username: "u", password: "p" }) },
  { name: "http server, exec plugin", cluster: plain, user: exec },
  { name: "http server, client certificate", cluster: plain, user: certificate },
  { name: "http server, impersonation", cluster: plain, user: () => ({ token: "t0ken", as: "auditor" }) },
  {
    name: "http server, insecure-skip-tls-verify, token",
    cluster: (world) => ({ ...plain(world), "insecure-skip-tls-verify": true }),
    user: token,
  },
  {
    name: "HTTP:// server in capitals, token",
    cluster: (world) => ({ ...plain(world), server: world.plain.url.replace("http:", "HTTP:") }),
    user: token,
  },

  { name: "unknown authority", cluster: () => ({ "certificate-authority-data": undefined }), user: token },
  {
    name: "other authority",
    cluster: () => ({ "certificate-authority-data": base64(new Authority("other").cert) }),
    user: token,
  },
  {
    name: "insecure-skip-tls-verify",
    cluster: () => ({ "certificate-authority-data": undefined, "insecure-skip-tls-verify": true }),
    user: token,
  },
  {
    name: "insecure-skip-tls-verify and an authority",
    cluster: () => ({ "insecure-skip-tls-verify": true }),
    user: token,
  },
  {
    name: "authority as file and as data",
    cluster: ({ folder }) => ({ "certificate-authority": folder.at("ca.crt") }),
    user: token,
  },
  {
    name: "authority as file",
    cluster: ({ folder }) => ({
      "certificate-authority-data": undefined,
      "certificate-authority": folder.at("ca.crt"),
    }),
    user: token,
  },
  {
    name: "authority file that is missing",
    cluster: ({ folder }) => ({
      "certificate-authority-data": undefined,
      "certificate-authority": folder.at("nothing"),
    }),
    user: token,
  },
  { name: "expired server certificate", cluster: ({ expired }) => ({ server: expired.url }), user: token },
  {
    name: "expired server certificate, insecure-skip-tls-verify",
    cluster: ({ expired }) => ({
      server: expired.url,
      "certificate-authority-data": undefined,
      "insecure-skip-tls-verify": true,
    }),
    user: token,
  },
  {
    name: "tls-server-name of another",
    cluster: () => ({ "tls-server-name": "elsewhere.example" }),
    user: token,
  },

  {
    name: "proxy-url",
    cluster: ({ proxy }) => ({ "proxy-url": `http://127.0.0.1:${proxy.port}` }),
    user: token,
  },
  {
    name: "proxy-url with a name and password",
    cluster: ({ proxy }) => ({ "proxy-url": `http://me:secret@127.0.0.1:${proxy.port}` }),
    user: token,
  },
  {
    name: "proxy-url that is no address",
    cluster: () => ({ "proxy-url": "ftp://127.0.0.1:1" }),
    user: token,
  },
  {
    name: "HTTPS_PROXY for a server on this machine",
    env: ({ proxy }) => ({ HTTPS_PROXY: `http://127.0.0.1:${proxy.port}` }),
    user: token,
  },

  { name: "exec plugin", user: exec },
  {
    name: "exec plugin with cluster information",
    user: (world) => exec(world, { provideClusterInfo: true }),
  },
  {
    name: "exec plugin with variables",
    user: (world) => exec(world, { env: [{ name: "GREETING", value: "hello" }] }),
    env: () => ({ GREETING: "from outside", OUTSIDE: "kept" }),
  },
  { name: "exec plugin beside a token", user: (world) => ({ ...exec(world), token: "t0ken" }) },
  {
    name: "exec plugin that answers another version",
    user: (world) => exec(world, { apiVersion: "client.authentication.k8s.io/v1beta1" }),
  },
  {
    name: "exec plugin of v1alpha1",
    user: (world) => exec(world, { apiVersion: "client.authentication.k8s.io/v1alpha1" }),
  },
  {
    name: "exec plugin without an interactive mode",
    user: (world) => exec(world, { interactiveMode: undefined }),
  },
  {
    name: "exec plugin that asks the user, without a terminal",
    user: (world) => exec(world, { interactiveMode: "Always" }),
  },
  { name: "exec plugin that is missing", user: (world) => exec(world, { command: "no-such-plugin-at-all" }) },

  {
    name: "a missing file before it in KUBECONFIG",
    user: token,
    others: [{ name: "absent", content: undefined, before: true }],
  },
  {
    name: "a file before it in KUBECONFIG with another token for the same user",
    user: token,
    others: [
      { name: "first", content: '{"users":[{"name":"test-user","user":{"token":"first"}}]}', before: true },
    ],
  },
  {
    name: "a file behind it in KUBECONFIG with another current context",
    user: token,
    others: [{ name: "second", content: '{"current-context":"nowhere"}', before: false }],
  },
  {
    name: "a file before it in KUBECONFIG with a current context that does not exist",
    user: token,
    others: [{ name: "first", content: '{"current-context":"nowhere"}', before: true }],
  },
  {
    name: "a file in KUBECONFIG that is no YAML",
    user: token,
    others: [{ name: "broken", content: "{", before: false }],
  },
  {
    name: "an empty file in KUBECONFIG",
    user: token,
    others: [{ name: "empty", content: "", before: true }],
  },
  { name: "server that is no address", cluster: () => ({ server: "nonsense nonsense" }), user: token },
  { name: "no server", cluster: () => ({ server: undefined }), user: token },
];
