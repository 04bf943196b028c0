// https://vitepress.dev: `wb-` names are custom elements, not Vue components.
export default {
  title: 'Notes',
  vue: { template: { compilerOptions: { isCustomElement: (tag) => tag.startsWith('wb-') } } },
};
