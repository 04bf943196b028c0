/**
 * Destroys the GPU device in use at every `every`-th command encoder, `times` times in all; `globalThis.losses` counts. Made for the realm
 * that it runs in: Playwright sends its text into a worker, so it names nothing from outside.
 * @param {readonly [times: number, every: number, prototype?: GPUDevice]} given
 */
export function loseDevices([times, every, prototype = globalThis.GPUDevice.prototype]) {
  Object.assign(globalThis, { losses: 0 });
  const { createCommandEncoder } = prototype;
  let encoders = 0;
  prototype.createCommandEncoder = function (...given) {
    if (++encoders % every === 0 && globalThis.losses < times) {
      globalThis.losses++;
      this.destroy();
    }
    return createCommandEncoder.apply(this, given);
  };
}
