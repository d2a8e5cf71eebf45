/** A function that remembers its calls, in the shape that `expect` of Jest and Vitest reads. */

/** A spy; `expect(spy).toHaveBeenCalledWith(…)` and its like work. */
export interface Spy {
  (...args: readonly unknown[]): void;
  readonly _isMockFunction: true;
  readonly getMockName: () => string;
  readonly mock: {
    readonly calls: (readonly unknown[])[];
    readonly lastCall: readonly unknown[] | undefined;
    readonly results: { readonly type: 'return'; readonly value: undefined }[];
    readonly contexts: unknown[];
    readonly instances: unknown[];
    readonly invocationCallOrder: number[];
  };
  /** Forgets all calls. */
  readonly mockClear: () => void;
}

/** Makes a spy; what `check` throws, the caller gets. */
export const createSpy = (name: string, check: (...args: readonly unknown[]) => void): Spy => {
  const calls: (readonly unknown[])[] = [];
  const mock: Spy['mock'] = {
    calls,
    get lastCall() {
      return calls[calls.length - 1];
    },
    results: [],
    contexts: [],
    instances: [],
    invocationCallOrder: [],
  };
  const spy = (...args: readonly unknown[]): void => {
    calls.push(args);
    mock.results.push({ type: 'return', value: undefined });
    mock.contexts.push(undefined);
    mock.instances.push(undefined);
    mock.invocationCallOrder.push(calls.length);
    check(...args);
  };
  const mockClear = (): void => {
    for (const list of [calls, mock.results, mock.contexts, mock.instances,
      mock.invocationCallOrder]) list.length = 0;
  };
  const getMockName = (): string => name;
  return Object.assign(spy, { _isMockFunction: true as const, getMockName, mock, mockClear });
};
