import { ApiError } from "../cluster/kube/api-error.ts";
import { forwardPort } from "../cluster/kube/port-forward.ts";
import { podLogs } from "../cluster/kube/pod-logs.ts";
import { checked } from "../cluster/workload/follow.ts";
import { EVENT, LivePod, POD } from "../cluster/workload/live-objects.ts";
import type { Stage } from "./scenario.ts";

/**
 * An applicant with unique values in each field except those that define segments. The check digits of its passport are
 * wrong, which only the advanced check detects.
 */
export const APPLICANT = {
  applicantId: "Quxapplicant-774411",
  name: "Zebulon Wrzesniewski",
  aliases: ["Zebbo Planted"],
  dateOfBirth: "1961-07-23",
  nationality: "SE",
  passport: {
    mrz: ["P<SWEWRZESNIEWSKI<<ZEBULON", "QX77441150SWE6107230M3001010"]
      .map((line) => line.padEnd(44, "<"))
      .join("\n"),
  },
  employment: { status: "employed", months: 1173 },
  creditUsage: { limit: 48_151_623, used: 42_815_162, latePayments: 0 },
  military: { trained: false, months: 0 },
};

/** Parts of the applicant's values to search for, in any case. */
const TRACES = [
  "quxapplicant",
  "zebulon",
  "wrzesniewski",
  "zebbo",
  "1961-07-23",
  "qx774411",
  "48151623",
  "42815162",
];

/** The trace of the applicant in a text; undefined if there is none. */
export function traceIn(text: string): string | undefined {
  const lower = text.toLowerCase();
  return TRACES.find((trace) => lower.includes(trace));
}

/** The port of each service's container, past any sidecar. */
const SERVICE_PORT = 8080;

/**
 * Finds the applicant's data in the logs of all containers of the namespace's pods, the metrics of the services, and the
 * Events.
 */
export async function placesOfApplicant({ kube, namespace, signal }: PlaceToLook): Promise<string[]> {
  const [pods, events] = await Promise.all([
    kube.list(POD, { namespace, signal }),
    kube.list(EVENT, { namespace, signal }),
  ]);
  const found: string[] = [];
  const look = (place: string, text: string): void => {
    const trace = traceIn(text);
    if (trace !== undefined) found.push(`${place}: ${trace}`);
  };
  for (const event of events.items) look(`Event ${event.metadata.name}`, JSON.stringify(event));
  for (const pod of checked(LivePod, pods.items)) {
    const { name, deletionTimestamp } = pod.metadata;
    const { containerStatuses = [], initContainerStatuses = [] } = pod.status ?? {};
    for (const { name: container, ready } of [...initContainerStatuses, ...containerStatuses]) {
      for (const text of await logOf(name, container)) look(`log of ${name} (${container})`, text);
      const answers = container === "user-container" && ready && deletionTimestamp === undefined;
      if (answers) look(`metrics of ${name}`, await metricsOf(name));
    }
  }
  return [...new Set(found)];

  async function logOf(pod: string, container: string): Promise<string[]> {
    const lines: string[] = [];
    try {
      for await (const line of podLogs(kube, { namespace, pod, container, signal })) lines.push(line);
    } catch (error) {
      // A container that has not started, or whose pod is gone, has no log.
      if (!(error instanceof ApiError && (error.code === 400 || error.code === 404))) throw error;
    }
    return lines;
  }

  async function metricsOf(pod: string): Promise<string> {
    using forward = await forwardPort({ kube, namespace, pod, port: SERVICE_PORT });
    const response = await fetch(`${forward.url}/metrics`, { signal });
    if (!response.ok) throw new Error(`${pod} answers ${response.status} at /metrics`);
    return response.text();
  }
}

type PlaceToLook = Pick<Stage, "kube" | "namespace" | "signal">;
