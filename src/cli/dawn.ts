/** WebGPU in the terminal: Dawn, on the machine's Vulkan driver or on Chromium's software one. */
import { existsSync } from 'node:fs';

const SOFTWARE_ICDS = [
  '/usr/lib/chromium/vk_swiftshader_icd.json',
  '/usr/lib/chromium-browser/vk_swiftshader_icd.json',
  '/opt/google/chrome/vk_swiftshader_icd.json',
];

let instance: GPU | undefined; // must outlive its devices

/** Which Vulkan driver Dawn loads. A thread's environment is a copy that no library reads: call it before threads are started. */
export function chooseDriver(software = false): void {
  const icd = SOFTWARE_ICDS.find((path) => existsSync(path));
  const drivers = ['/usr/share/vulkan/icd.d', '/etc/vulkan/icd.d', '/usr/local/nvidia/share/vulkan/icd.d'];
  const hardware = existsSync('/dev/dri') || existsSync('/dev/nvidia0');
  if (
    !process.env.VK_ICD_FILENAMES &&
    !process.env.VK_DRIVER_FILES &&
    icd &&
    (software || !hardware || !drivers.some((d) => existsSync(d)))
  )
    process.env.VK_ICD_FILENAMES = icd;
  process.env.XDG_RUNTIME_DIR ??= '/tmp';
}

/** The GPU entry point, or undefined where Dawn does not load. `software` forces the CPU adapter. */
export async function dawn(software = false): Promise<GPU | undefined> {
  chooseDriver(software);
  const { create, globals } = await import('webgpu');
  Object.assign(globalThis, globals);
  instance ??= create([]) as unknown as GPU;
  return instance;
}
