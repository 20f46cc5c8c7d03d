import Type, { type Static, type TSchemaOptions } from "typebox";
import { Container } from "./knative-container.ts";
import { type FieldNotes, Metadata, Name, forReason, OBJECT_FILLED_IN, strict } from "../../schema/schema.ts";

const clusterOnly = { clusterOnly: true } satisfies FieldNotes;

const Count = annotation("^[0-9]{1,9}$", "a whole number in quotes, 0 or more");
const Percentage = annotation("^[0-9]{1,4}([.][0-9]+)?$", 'a percentage in quotes, such as "70"');
const Period = annotation("^([0-9]+(h|m|s))+$", "a duration of whole seconds, such as 90s or 1m30s");

/** The annotations that scale a revision; the ones for the cluster only have no counterpart on one machine. */
const Autoscaling = {
  "autoscaling.knative.dev/min-scale": Count,
  "autoscaling.knative.dev/max-scale": Count,
  "autoscaling.knative.dev/initial-scale": Count,
  "autoscaling.knative.dev/activation-scale": Count,
  "autoscaling.knative.dev/target": annotation(
    "^[0-9]{1,9}([.][0-9]+)?$",
    'a number in quotes, such as "100"',
  ),
  "autoscaling.knative.dev/target-utilization-percentage": Percentage,
  "autoscaling.knative.dev/panic-window-percentage": Percentage,
  "autoscaling.knative.dev/panic-threshold-percentage": Percentage,
  "autoscaling.knative.dev/window": Period,
  "autoscaling.knative.dev/scale-to-zero-pod-retention-period": Period,
  "autoscaling.knative.dev/metric": Type.Optional(Type.Enum(["concurrency"])),
  "autoscaling.knative.dev/class": Type.Optional(Type.Enum(["kpa.autoscaling.knative.dev"])),
  "autoscaling.knative.dev/scale-down-delay": Type.Optional(Type.String(clusterOnly)),
  "autoscaling.knative.dev/target-burst-capacity": Type.Optional(Type.String(clusterOnly)),
  "autoscaling.knative.dev/metric-aggregation-algorithm": Type.Optional(Type.String(clusterOnly)),
};

// Deprecated spellings that Knative still reads if the current one is missing. (serving,
// pkg/apis/autoscaling/register.go)
const FORMER = {
  "autoscaling.knative.dev/initialScale": "initial-scale",
  "autoscaling.knative.dev/maxScale": "max-scale",
  "autoscaling.knative.dev/minScale": "min-scale",
  "autoscaling.knative.dev/metricAggregationAlgorithm": "metric-aggregation-algorithm",
  "autoscaling.knative.dev/panicThresholdPercentage": "panic-threshold-percentage",
  "autoscaling.knative.dev/panicWindowPercentage": "panic-window-percentage",
  "autoscaling.knative.dev/scaleDownDelay": "scale-down-delay",
  "autoscaling.knative.dev/scaleToZeroPodRetentionPeriod": "scale-to-zero-pod-retention-period",
  "autoscaling.knative.dev/targetBurstCapacity": "target-burst-capacity",
  "autoscaling.knative.dev/targetUtilizationPercentage": "target-utilization-percentage",
} as const satisfies Readonly<Record<string, string>>;

const FormerAutoscaling = {
  "autoscaling.knative.dev/initialScale": Count,
  "autoscaling.knative.dev/maxScale": Count,
  "autoscaling.knative.dev/minScale": Count,
  "autoscaling.knative.dev/panicThresholdPercentage": Percentage,
  "autoscaling.knative.dev/panicWindowPercentage": Percentage,
  "autoscaling.knative.dev/scaleToZeroPodRetentionPeriod": Period,
  "autoscaling.knative.dev/targetUtilizationPercentage": Percentage,
};

/** The names of the annotations that scale a revision. */
export const AUTOSCALING_ANNOTATIONS: readonly string[] = Object.keys(Autoscaling);

/** The value of a scaling annotation in its spelling of today or a former one. @param name without the group */
export function scalingAnnotation(
  annotations: Readonly<Record<string, string>>,
  name: string,
): string | undefined {
  const former = Object.entries(FORMER).find(([, today]) => today === name)?.[0];
  return (
    annotations[`autoscaling.knative.dev/${name}`] ?? (former === undefined ? undefined : annotations[former])
  );
}

/** Whether an annotation is a former spelling that Knative reads. */
export const isFormerAnnotation = (name: string): boolean => Object.hasOwn(FORMER, name);

function annotation(pattern: string, expected: string) {
  return Type.Optional(Type.String({ pattern, expected } satisfies FieldNotes & TSchemaOptions));
}

/** The metadata that a revision gets. */
export const TemplateMetadata = strict({
  name: Type.Optional(Name),
  labels: Type.Optional(Type.Record(Type.String(), Type.String(), clusterOnly)),
  annotations: Type.Optional(
    Type.Object({ ...Autoscaling, ...FormerAutoscaling }, { additionalProperties: Type.String(clusterOnly) }),
  ),
});

const RevisionTemplate = strict({
  metadata: Type.Optional(TemplateMetadata),
  spec: strict(
    {
      containers: Type.Array(Container, {
        minItems: 1,
        maxItems: 1,
        longerOnCluster: "the local mesh runs one container a revision: leave the others out",
      } satisfies FieldNotes & TSchemaOptions),
      containerConcurrency: Type.Optional(Type.Integer({ minimum: 0, maximum: 1000 })),
      timeoutSeconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 600 })),
      serviceAccountName: Type.Optional(Type.String({ minLength: 1, ...clusterOnly })),
      automountServiceAccountToken: Type.Optional(Type.Boolean(clusterOnly)),
      enableServiceLinks: Type.Optional(Type.Boolean(clusterOnly)),
      imagePullSecrets: Type.Optional(Type.Array(strict({ name: Name }), clusterOnly)),
      volumes: Type.Optional(Type.Array(Type.Object({ name: Name }), clusterOnly)),
    },
    {
      unsupported: {
        initContainers: "the local mesh runs one container a revision",
        ...forReason(
          ["responseStartTimeoutSeconds", "idleTimeoutSeconds"],
          "the local mesh supports timeoutSeconds only",
        ),
        ...forReason(
          [
            "affinity",
            "dnsConfig",
            "dnsPolicy",
            "hostAliases",
            "nodeSelector",
            "priorityClassName",
            "runtimeClassName",
            "schedulerName",
            "tolerations",
            "topologySpreadConstraints",
          ],
          "the local mesh has no nodes, and Knative allows it only if an operator enabled it",
        ),
        securityContext:
          "set it on the container: for the pod, Knative allows it only if an operator enabled it",
      },
    },
  ),
});

/** An entry of a Knative Service's traffic block. */
export const TrafficTarget = strict(
  {
    revisionName: Type.Optional(Name),
    latestRevision: Type.Optional(Type.Boolean()),
    tag: Type.Optional(
      Type.String({
        pattern: "^[a-z]([-a-z0-9]*[a-z0-9])?$",
        maxLength: 63,
        expected: "a tag of lower-case letters, digits and -, with a letter first and no - last",
      }),
    ),
    percent: Type.Optional(Type.Integer({ minimum: 0, maximum: 100 })),
  },
  {
    refused: {
      configurationName:
        "a Knative Service does not allow configurationName: use revisionName or latestRevision: true",
      url: "Knative fills url in; it may not be set",
    },
  },
);

/** The parts of a `serving.knative.dev/v1` Service that this tool reads. */
export const KnativeService = strict(
  {
    apiVersion: Type.Literal("serving.knative.dev/v1"),
    kind: Type.Literal("Service"),
    metadata: Metadata,
    spec: strict({
      template: RevisionTemplate,
      traffic: Type.Optional(Type.Array(TrafficTarget, { minItems: 1 })),
    }),
  },
  { filledIn: OBJECT_FILLED_IN },
);

export type KnativeService = Static<typeof KnativeService>;
export type Container = Static<typeof Container>;
export type TrafficTarget = Static<typeof TrafficTarget>;

/** The label that removes a service from the public gateway. */
export const VISIBILITY_LABEL = "networking.knative.dev/visibility";
