import { bootAppliance, type Appliance, type ApplianceOptions } from './appliance.js';
import { showMachine } from './show-machine.js';
import { describeMachine } from './requirements.js';

/** A suite of tests, in order, on one appliance that is booted for them. A test that fails shows the machine's console. */
export function describeAppliance(
  title: string,
  define: (test: (title: string, act: (appliance: Appliance) => Promise<void>) => void) => void,
  options: ApplianceOptions & { readonly hasToken?: boolean } = {},
): void {
  describeMachine(title, () => {
    let appliance: Appliance | undefined;
    // A hook that fails would report the whole of its error for each test.
    beforeAll(async () => {
      appliance = await bootAppliance(options).catch((error: unknown) => {
        process.stderr.write(`${String(error)}\n`);
        return undefined;
      });
      if (options.hasToken === true) await appliance?.setToken();
    });
    afterAll(() => appliance?.remove());
    define((name, act) => {
      test(name, async () => {
        if (!appliance) throw new Error('the appliance did not boot');
        try {
          await act(appliance);
        } catch (error) {
          await showMachine(appliance.machine);
          throw error;
        }
      });
    });
  });
}
