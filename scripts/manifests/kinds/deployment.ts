import Type, { type Static, type TSchemaOptions } from "typebox";
import { type FieldNotes, Metadata, OBJECT_FILLED_IN, strict } from "../../schema/schema.ts";
import { Container, NO_ENV_FROM, OTHER_PROBES } from "./knative-container.ts";
import { forCluster } from "./kubernetes-service.ts";

const Labels = Type.Record(Type.String(), Type.String());

/** A container of a pod: like one of a revision, with more ports, and fields that Knative does not allow. */
const PodContainer = strict(
  {
    name: Container.properties.name,
    image: Container.properties.image,
    env: Container.properties.env,
    readinessProbe: Type.Optional(
      strict(
        {
          httpGet: strict({
            path: Type.String({ pattern: "^/", expected: "a path that begins with /" }),
            ...forCluster("port", "host", "scheme", "httpHeaders"),
          }),
          ...forCluster(
            "initialDelaySeconds",
            "periodSeconds",
            "timeoutSeconds",
            "successThreshold",
            "failureThreshold",
            "terminationGracePeriodSeconds",
          ),
        },
        { unsupported: OTHER_PROBES },
      ),
    ),
    ...forCluster(
      "args",
      "command",
      "imagePullPolicy",
      "lifecycle",
      "livenessProbe",
      "ports",
      "resizePolicy",
      "resources",
      "securityContext",
      "startupProbe",
      "stdin",
      "stdinOnce",
      "terminationMessagePath",
      "terminationMessagePolicy",
      "tty",
      "volumeMounts",
      "workingDir",
    ),
  },
  { unsupported: NO_ENV_FROM },
);

/** The parts of an `apps/v1` Deployment that this tool reads: image, environment, readiness, labels and replicas. */
export const Deployment = strict(
  {
    apiVersion: Type.Literal("apps/v1"),
    kind: Type.Literal("Deployment"),
    metadata: Metadata,
    spec: strict({
      /**
       * One process runs for each Deployment; the number determines its share if the pods of several share requests.
       */
      replicas: Type.Optional(Type.Integer({ minimum: 0 })),
      selector: strict({ matchLabels: Type.Optional(Labels), ...forCluster("matchExpressions") }),
      template: strict({
        metadata: Type.Optional(
          strict({
            labels: Type.Optional(Labels),
            ...forCluster("annotations", "name", "creationTimestamp"),
          }),
        ),
        spec: strict(
          {
            containers: Type.Array(PodContainer, {
              minItems: 1,
              maxItems: 1,
              longerOnCluster: "the local mesh runs one container of a Deployment: leave the others out",
            } satisfies FieldNotes & TSchemaOptions),
            ...forCluster(
              "affinity",
              "automountServiceAccountToken",
              "dnsConfig",
              "dnsPolicy",
              "enableServiceLinks",
              "hostAliases",
              "imagePullSecrets",
              "nodeSelector",
              "priorityClassName",
              "restartPolicy",
              "runtimeClassName",
              "schedulerName",
              "securityContext",
              "serviceAccount",
              "serviceAccountName",
              "terminationGracePeriodSeconds",
              "tolerations",
              "topologySpreadConstraints",
              "volumes",
            ),
          },
          { unsupported: { initContainers: "the local mesh runs one container of a Deployment" } },
        ),
      }),
      ...forCluster(
        "minReadySeconds",
        "paused",
        "progressDeadlineSeconds",
        "revisionHistoryLimit",
        "strategy",
      ),
    }),
  },
  { filledIn: OBJECT_FILLED_IN },
);

export type Deployment = Static<typeof Deployment>;
