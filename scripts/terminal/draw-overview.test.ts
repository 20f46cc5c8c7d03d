import { expect, test } from "bun:test";
import type { Overview } from "../mesh/overview.ts";
import { drawOverview } from "./draw-overview.ts";
import { PLAIN } from "./style.ts";

const VIEW: Overview = {
  ingress: "http://127.0.0.1:8080",
  hosts: [],
  clusterLocal: "http://127.0.0.1:8081",
  links: [],
  page: "http://127.0.0.1:8080/_mesh",
  ports: [],
  services: [],
  tries: ["curl http://127.0.0.1:8080/"],
  sticky: [],
  withoutEffect: [],
};

test("the ports of Gateways are listed below the main one, with the certificate to trust", () => {
  const ports = [
    {
      title: "HTTPS, port 443",
      url: "https://shop.example.localhost:8443",
      gateways: ["shop/web"],
      authority: ".kyc/tls/authority.crt",
    },
    {
      title: "HTTP, port 9090",
      url: "http://127.0.0.1:9090",
      gateways: ["shop/a", "shop/b"],
      authority: undefined,
    },
  ];
  expect(drawOverview({ ...VIEW, ports }, PLAIN)).toContain(`
  Ingress gateway   http://127.0.0.1:8080
  HTTPS, port 443   https://shop.example.localhost:8443 for Gateway shop/web
                    by a certificate of this machine: curl --cacert .kyc/tls/authority.crt
  HTTP, port 9090   http://127.0.0.1:9090 for Gateway shop/a, shop/b
`);
});

test("the hosts of Gateways are listed below the main port, the first of many", () => {
  const hosts = Array.from({ length: 6 }, (_, i) => `http://shop-${i}.example.localhost:8080`);
  expect(drawOverview({ ...VIEW, hosts }, PLAIN)).toContain(`
  Ingress gateway   http://127.0.0.1:8080
                    http://shop-0.example.localhost:8080
                    http://shop-1.example.localhost:8080
                    http://shop-2.example.localhost:8080
                    http://shop-3.example.localhost:8080
                    and 2 more hosts
`);
});

test("consistent hashing is described in a sentence", () => {
  const sticky = [
    "Requests to web.shop.svc.cluster.local stay on one process by the header x-user; a revision with one process has no other.",
  ];
  expect(drawOverview({ ...VIEW, sticky }, PLAIN)).toContain(
    "  Requests to web.shop.svc.cluster.local stay on one process by the header\n  x-user; a revision with one process has no other.\n",
  );
});
