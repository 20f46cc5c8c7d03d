import type { TSchema } from "typebox";
import { ExternalNameService, Kustomization, Namespace } from "../kinds/core.ts";
import { Gateway } from "../kinds/istio-gateway.ts";
import { VirtualService } from "../kinds/istio-virtual-service.ts";
import { KnativeService } from "../kinds/knative-service.ts";

export const KNATIVE_SERVICE = `apiVersion: serving.knative.dev/v1
kind: Service
metadata:
  name: credit-check
  labels:
    app: credit-check
  annotations: {a: b}
spec:
  template:
    metadata:
      name: credit-check-basic
      annotations: {autoscaling.knative.dev/min-scale: "1", client.knative.dev/user-image: a}
    spec:
      timeoutSeconds: 60
      containerConcurrency: 0
      containers:
        - image: dev.local/kyc/credit-check:dev
          imagePullPolicy: IfNotPresent
          env:
            - name: CREDIT_CHECK_VARIANT
              value: basic
          ports:
            - containerPort: 8080
          readinessProbe:
            httpGet:
              path: /readyz
            periodSeconds: 1
          livenessProbe: {httpGet: {path: /healthz}}
          resources: {limits: {cpu: 1, memory: 64Mi}}
  traffic:
    - revisionName: credit-check-basic
      tag: basic
      percent: 100
`;

export const VIRTUAL_SERVICE = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: kyc
spec:
  hosts: ["*"]
  gateways: [kyc]
  http:
    - name: home
      match:
        - uri:
            prefix: /
          headers:
            end-user: {exact: basic}
      rewrite:
        authority: credit-check.kyc.svc.cluster.local
      retries:
        attempts: 2
      timeout: 30s
      route:
        - destination:
            host: credit-check
            port:
              number: 80
          weight: 50
          headers:
            request:
              set:
                x-user: basic
              remove: [x-old]
    - redirect: {uri: /, redirectCode: 302}
`;

export const GATEWAY = `apiVersion: networking.istio.io/v1
kind: Gateway
metadata:
  name: kyc
spec:
  selector:
    istio: ingressgateway
  servers:
    - port:
        number: 80
        name: http
        protocol: HTTP
      hosts: ["*"]
`;

export const SERVICE = `apiVersion: v1
kind: Service
metadata: {name: other, namespace: kyc}
spec:
  type: ExternalName
  externalName: a.b.svc.cluster.local
  ports: [{name: http, port: 80}]
`;

export const NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata: {name: kyc}\n";

export const KUSTOMIZATION = "kind: Kustomization\nresources: [a.yaml]\n";

/** A valid manifest of each kind, with its fields in most of their forms. */
export const SAMPLES: [name: string, schema: TSchema, text: string][] = [
  ["a Knative Service", KnativeService, KNATIVE_SERVICE],
  ["a VirtualService", VirtualService, VIRTUAL_SERVICE],
  ["a Gateway", Gateway, GATEWAY],
  ["an ExternalName Service", ExternalNameService, SERVICE],
  ["a Namespace", Namespace, NAMESPACE],
  ["a kustomization", Kustomization, KUSTOMIZATION],
];
