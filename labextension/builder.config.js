// Modules by their order: the name of one would depend on the folder in which the bundle is built.
module.exports = { optimization: { moduleIds: 'natural' } };
