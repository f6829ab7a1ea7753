import { bootAppliance, type Appliance } from './appliance.js';
import { describeMachine } from './requirements.js';

/** A suite of tests, in order, on one appliance that is booted for them. A test that fails shows the machine's console. */
export function describeAppliance(
  title: string,
  define: (test: (title: string, act: (appliance: Appliance) => Promise<void>) => void) => void,
  options: { readonly isInstalled?: boolean; readonly hasToken?: boolean } = {},
): void {
  describeMachine(title, () => {
    let appliance: Appliance | undefined;
    beforeAll(async () => {
      appliance = await bootAppliance(options);
      if (options.hasToken === true) await appliance.setToken();
    });
    afterAll(() => appliance?.remove());
    define((name, act) => {
      test(name, async () => {
        if (!appliance) throw new Error('the appliance did not boot');
        try {
          await act(appliance);
        } catch (error) {
          await showMachine(appliance);
          throw error;
        }
      });
    });
  });
}

async function showMachine({ machine }: Appliance): Promise<void> {
  const journal = 'journalctl --no-pager --lines 80 --output short-monotonic; systemctl --no-pager --failed';
  const told = await machine.attempt(journal).then(({ stdout }) => stdout, String);
  process.stderr.write(`--- console\n${machine.console().slice(-3000)}\n--- journal\n${told}\n---\n`);
}
