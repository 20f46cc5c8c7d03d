import Type from "typebox";
import { ApiError } from "./api-error.ts";
import type { Kube } from "./client.ts";

const Review = Type.Object({
  status: Type.Object({ userInfo: Type.Object({ username: Type.Optional(Type.String()) }) }),
});

const PATH = "/apis/authentication.k8s.io/v1/selfsubjectreviews";

/**
 * Returns the user's name on the API server, as `kubectl auth whoami` prints it: authenticated, unlike the names in
 * the kubeconfig or the environment (SelfSubjectReview, authentication.k8s.io/v1, since Kubernetes 1.28).
 * @returns undefined if the API server offers no such review, or does not allow it
 */
export async function clusterUser(kube: Kube): Promise<string | undefined> {
  try {
    const { status } = await kube.json("cannot look up the user's name", PATH, Review, {
      method: "POST",
      // A review is not stored.
      isRead: true,
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" }),
    });
    return status.userInfo.username || undefined;
  } catch (error) {
    if (error instanceof ApiError && (error.code === 403 || error.code === 404)) return undefined;
    throw error;
  }
}
