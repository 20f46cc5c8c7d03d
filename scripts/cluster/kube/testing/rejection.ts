/** Returns the error with which a promise is rejected. @throws if it is not */
export async function rejection(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error) return error;
    throw new Error(`rejected with a value that is not an error: ${String(error)}`);
  }
  throw new Error("it was not rejected");
}
