/** The share of each tag, in percent; they sum to 100. Tags without a share are there with 0. */
export type Shares = Readonly<Record<string, number>>;

/** Who carries a split on a cluster: reads it and writes it, and knows nothing of why. */
export interface SplitEngine {
  readonly name: "knative" | "istio";
  read(): Promise<Shares>;
  /**
   * Writes a split. Resolves when the API server has taken it, which is before the gateways have it.
   * @throws ApiError with code 409 when somebody else changed it since it was read
   */
  write(shares: Shares): Promise<void>;
}
