# %% [markdown]
# ## load_pretrained


# %% right="load_pretrained" name="written one by one"
def load_pretrained(model, file):
    own = model.state_dict()
    weights = torch.load(file, weights_only=True)
    new, unused = set(own), []
    with torch.no_grad():
        for name in weights:
            if name in own and own[name].size() == weights[name].size():
                own[name].copy_(weights[name])
                new.remove(name)
            else:
                unused.append(name)
    unused.sort()
    return sorted(new), unused


# %% right="load_pretrained" name="a whole dictionary, strictly"
def load_pretrained(model, file):
    weights = torch.load(file, map_location="cpu", weights_only=True)
    own = dict(model.state_dict())
    good = [n for n, t in own.items() if n in weights and list(weights[n].shape) == list(t.shape)]
    model.load_state_dict({**own, **{n: weights[n] for n in good}})
    new = [n for n in own if n not in good]
    unused = [n for n in weights if n not in good]
    return sorted(new), sorted(unused)


# %% right="load_pretrained" name="what load_state_dict says"
def load_pretrained(model, file):
    weights = torch.load(file, weights_only=True)
    own = model.state_dict()
    two_shapes = {name for name in own if name in weights and own[name].shape != weights[name].shape}
    rest = {name: weights[name] for name in weights if name not in two_shapes}
    said = model.load_state_dict(rest, strict=False)
    return sorted(set(said.missing_keys) | two_shapes), sorted(set(said.unexpected_keys) | two_shapes)


# %% right="load_pretrained" name="what does not fit is deleted"
def load_pretrained(model, file):
    weights = torch.load(file, weights_only=True)
    shapes = {name: tensor.shape for name, tensor in model.state_dict().items()}
    unused = sorted(name for name, tensor in weights.items() if shapes.get(name) != tensor.shape)
    for name in unused:
        del weights[name]
    model.load_state_dict(weights, strict=False)
    return sorted(set(shapes).difference(weights)), unused


# %% wrong="load_pretrained" name="strict" says="The whole file is loaded with strict=True: names that are missing or too many are an error."
def load_pretrained(model, file):
    stored, own = torch.load(file, weights_only=True), model.state_dict()
    model.load_state_dict(stored)
    return sorted(own.keys() - stored.keys()), sorted(stored.keys() - own.keys())


# %% wrong="load_pretrained" name="shapes not compared" says="The shapes are not compared. With strict=False names may be missing or too many, but a name with two shapes is still an error."
def load_pretrained(model, file):
    stored, own = torch.load(file, weights_only=True), model.state_dict()
    fits = {name: tensor for name, tensor in stored.items() if name in own}
    model.load_state_dict(fits, strict=False)
    return sorted(own.keys() - fits.keys()), sorted(stored.keys() - fits.keys())


# %% wrong="load_pretrained" name="number of dimensions" says="Only the number of dimensions is compared, and not their sizes."
def load_pretrained(model, file):
    stored, own = torch.load(file, weights_only=True), model.state_dict()
    fits = {name: tensor for name, tensor in stored.items() if name in own and own[name].dim() == tensor.dim()}
    try:
        model.load_state_dict(fits, strict=False)
    except RuntimeError:
        pass
    return sorted(own.keys() - fits.keys()), sorted(stored.keys() - fits.keys())


# %% wrong="load_pretrained" name="first size only" says="Only the first size of the shapes is compared."
def load_pretrained(model, file):
    stored, own = torch.load(file, weights_only=True), model.state_dict()
    fits = {n: t for n, t in stored.items() if n in own and own[n].shape[:1] == t.shape[:1]}
    try:
        model.load_state_dict(fits, strict=False)
    except RuntimeError:
        pass
    return sorted(own.keys() - fits.keys()), sorted(stored.keys() - fits.keys())


# %% wrong="load_pretrained" name="as many elements" says="The numbers of elements are compared in place of the shapes: a tensor [3, 2] is reshaped to [2, 3], and its numbers come to wrong places."
def load_pretrained(model, file):
    stored, own = torch.load(file, weights_only=True), model.state_dict()
    fits = {n: t.reshape(own[n].shape) for n, t in stored.items() if n in own and own[n].numel() == t.numel()}
    model.load_state_dict(fits, strict=False)
    return sorted(own.keys() - fits.keys()), sorted(stored.keys() - fits.keys())


# %% wrong="load_pretrained" name="stretched by copy_" says="copy_ is tried without a comparison of the shapes: it stretches a tensor [1, 3] to [2, 3], and there is no error."
def load_pretrained(model, file):
    stored, own = torch.load(file, weights_only=True), model.state_dict()
    done = set()
    for name, tensor in stored.items():
        try:
            own[name].copy_(tensor)
            done.add(name)
        except (KeyError, RuntimeError):
            pass
    return sorted(own.keys() - done), sorted(stored.keys() - done)


# %% wrong="load_pretrained" name="only what torch refuses" says="Shapes count as different only if load_state_dict fails. It takes a tensor [1] where the model has a single number []."
def load_pretrained(model, file):
    stored, own = torch.load(file, weights_only=True), model.state_dict()
    done = set()
    for name, tensor in stored.items():
        if name in own:
            try:
                model.load_state_dict({name: tensor}, strict=False)
                done.add(name)
            except RuntimeError:
                pass
    return sorted(own.keys() - done), sorted(stored.keys() - done)


# %% wrong="load_pretrained" name="as much as there is room" says="Of a tensor with another shape, as many rows as there is room for are loaded. It is not to be loaded at all."
def load_pretrained(model, file):
    stored, own = torch.load(file, weights_only=True), model.state_dict()
    fits = {name: tensor for name, tensor in stored.items() if name in own and own[name].shape == tensor.shape}
    model.load_state_dict(fits, strict=False)
    for name, tensor in stored.items():
        if name in own and name not in fits and tensor.dim() and own[name].shape[1:] == tensor.shape[1:]:
            rows = min(len(tensor), len(own[name]))
            own[name][:rows] = tensor[:rows]
    return sorted(own.keys() - fits.keys()), sorted(stored.keys() - fits.keys())


# %% wrong="load_pretrained" name="encoder only" says="Only names that begin with encoder. are loaded. Whatever fits is to be loaded, wherever it is."
def load_pretrained(model, file):
    stored, own = torch.load(file, weights_only=True), model.state_dict()
    fits = {
        name: tensor
        for name, tensor in stored.items()
        if name.startswith("encoder.") and name in own and own[name].shape == tensor.shape
    }
    model.load_state_dict(fits, strict=False)
    return sorted(own.keys() - fits.keys()), sorted(stored.keys() - fits.keys())


# %% wrong="load_pretrained" name="all but head" says="What is called head is never loaded, also if it fits."
def load_pretrained(model, file):
    stored, own = torch.load(file, weights_only=True), model.state_dict()
    fits = {n: t for n, t in stored.items() if "head" not in n and n in own and own[n].shape == t.shape}
    model.load_state_dict(fits, strict=False)
    return sorted(own.keys() - fits.keys()), sorted(stored.keys() - fits.keys())


# %% wrong="load_pretrained" name="prefix cut off" says="encoder. is cut off from the names of the file. They are to be compared as they are."
def load_pretrained(model, file):
    stored, own = torch.load(file, weights_only=True), model.state_dict()
    stored = {name.removeprefix("encoder."): tensor for name, tensor in stored.items()}
    fits = {name: tensor for name, tensor in stored.items() if name in own and own[name].shape == tensor.shape}
    model.load_state_dict(fits, strict=False)
    return sorted(own.keys() - fits.keys()), sorted(stored.keys() - fits.keys())


# %% wrong="load_pretrained" name="by position" says="The tensors are matched by their position in the two dictionaries, and not by their names."
def load_pretrained(model, file):
    stored, own = torch.load(file, weights_only=True), model.state_dict()
    fits = {
        name: tensor for name, tensor in zip(own, stored.values(), strict=False) if own[name].shape == tensor.shape
    }
    model.load_state_dict(fits, strict=False)
    return sorted(own.keys() - fits.keys()), sorted(stored.keys() - fits.keys())


# %% wrong="load_pretrained" name="lists exchanged" says="The two lists are exchanged: new holds names of the model and comes first, unused holds names of the file."
def load_pretrained(model, file):
    stored, own = torch.load(file, weights_only=True), model.state_dict()
    fits = {name: tensor for name, tensor in stored.items() if name in own and own[name].shape == tensor.shape}
    model.load_state_dict(fits, strict=False)
    return sorted(stored.keys() - fits.keys()), sorted(own.keys() - fits.keys())


# %% wrong="load_pretrained" name="not sorted" says="The lists are not sorted: their names stand in the order of the dictionaries."
def load_pretrained(model, file):
    stored, own = torch.load(file, weights_only=True), model.state_dict()
    fits = {name: tensor for name, tensor in stored.items() if name in own and own[name].shape == tensor.shape}
    model.load_state_dict(fits, strict=False)
    return [name for name in own if name not in fits], [name for name in stored if name not in fits]


# %% wrong="load_pretrained" name="sorted without case" says="The names are sorted without regard to capital letters. sorted(…) puts capital letters before small ones."
def load_pretrained(model, file):
    stored, own = torch.load(file, weights_only=True), model.state_dict()
    fits = {name: tensor for name, tensor in stored.items() if name in own and own[name].shape == tensor.shape}
    model.load_state_dict(fits, strict=False)
    return sorted(own.keys() - fits.keys(), key=str.lower), sorted(stored.keys() - fits.keys(), key=str.lower)


# %% wrong="load_pretrained" name="sets" says="Two sets come back. They have no order: sorted lists are asked for."
def load_pretrained(model, file):
    stored, own = torch.load(file, weights_only=True), model.state_dict()
    fits = {name: tensor for name, tensor in stored.items() if name in own and own[name].shape == tensor.shape}
    model.load_state_dict(fits, strict=False)
    return own.keys() - fits.keys(), stored.keys() - fits.keys()


# %% wrong="load_pretrained" name="two shapes in new only" says="A name with two shapes stands only in new. It was not loaded from the file either, so it is unused as well."
def load_pretrained(model, file):
    stored, own = torch.load(file, weights_only=True), model.state_dict()
    fits = {name: tensor for name, tensor in stored.items() if name in own and own[name].shape == tensor.shape}
    model.load_state_dict(fits, strict=False)
    return sorted(own.keys() - fits.keys()), sorted(stored.keys() - own.keys())


# %% wrong="load_pretrained" name="loaded names" says="The first list holds the names that were loaded. new holds those of the model that were not."
def load_pretrained(model, file):
    stored, own = torch.load(file, weights_only=True), model.state_dict()
    fits = {name: tensor for name, tensor in stored.items() if name in own and own[name].shape == tensor.shape}
    model.load_state_dict(fits, strict=False)
    return sorted(fits), sorted(stored.keys() - fits.keys())


# %% wrong="load_pretrained" name="nothing loaded" says="The names are compared, but nothing is loaded into the model."
def load_pretrained(model, file):
    stored, own = torch.load(file, weights_only=True), model.state_dict()
    fits = {name: tensor for name, tensor in stored.items() if name in own and own[name].shape == tensor.shape}
    own.update(fits)
    return sorted(own.keys() - fits.keys()), sorted(stored.keys() - fits.keys())


# %% wrong="load_pretrained" name="buffers forgotten" says="Only parameters are compared and loaded. Buffers, such as the averages of a batch norm, have names in the file as well."
def load_pretrained(model, file):
    stored, own = torch.load(file, weights_only=True), dict(model.named_parameters())
    fits = {name: tensor for name, tensor in stored.items() if name in own and own[name].shape == tensor.shape}
    model.load_state_dict(fits, strict=False)
    return sorted(own.keys() - fits.keys()), sorted(stored.keys() - fits.keys())


# %% wrong="load_pretrained" name="buffers new, not loaded" says="Buffers are never loaded: their names stand in both lists."
def load_pretrained(model, file):
    stored, own = torch.load(file, weights_only=True), model.state_dict()
    learned = dict(model.named_parameters())
    fits = {name: tensor for name, tensor in stored.items() if name in learned and own[name].shape == tensor.shape}
    model.load_state_dict(fits, strict=False)
    return sorted(own.keys() - fits.keys()), sorted(stored.keys() - fits.keys())


# %% wrong="load_pretrained" name="new parameters" says="assign=True puts new parameters in the place of the old ones. An optimizer still holds the old ones."
def load_pretrained(model, file):
    stored, own = torch.load(file, weights_only=True), model.state_dict()
    fits = {
        n: t.to(own[n].dtype) for n, t in stored.items() if n in own and own[n].shape == t.shape
    }
    model.load_state_dict(fits, strict=False, assign=True)
    return sorted(own.keys() - fits.keys()), sorted(stored.keys() - fits.keys())


# %% wrong="load_pretrained" name="the file's dtype" says="The data of a parameter is replaced by the file's tensor, so the parameter takes the file's dtype. It must keep its own."
def load_pretrained(model, file):
    stored, own = torch.load(file, weights_only=True), model.state_dict()
    fits = {name: tensor for name, tensor in stored.items() if name in own and own[name].shape == tensor.shape}
    model.load_state_dict(fits, strict=False)
    for name, parameter in model.named_parameters():
        if name in fits:
            parameter.data = fits[name]
    return sorted(own.keys() - fits.keys()), sorted(stored.keys() - fits.keys())


# %% wrong="load_pretrained" name="another dtype does not fit" says="A tensor of another dtype is not loaded. Only name and shape decide."
def load_pretrained(model, file):
    stored, own = torch.load(file, weights_only=True), model.state_dict()
    fits = {
        name: tensor
        for name, tensor in stored.items()
        if name in own and own[name].shape == tensor.shape and own[name].dtype == tensor.dtype
    }
    model.load_state_dict(fits, strict=False)
    return sorted(own.keys() - fits.keys()), sorted(stored.keys() - fits.keys())


# %% wrong="load_pretrained" name="the rest is zero" says="What the file does not have is set to 0. It must stay as it was."
def load_pretrained(model, file):
    stored, own = torch.load(file, weights_only=True), model.state_dict()
    fits = {name: tensor for name, tensor in stored.items() if name in own and own[name].shape == tensor.shape}
    model.load_state_dict({n: fits.get(n, torch.zeros_like(t)) for n, t in own.items()})
    return sorted(own.keys() - fits.keys()), sorted(stored.keys() - fits.keys())


# %% wrong="load_pretrained" name="half of both" says="The mean of the model's tensor and the file's is loaded. The file's tensor replaces the model's."
def load_pretrained(model, file):
    stored, own = torch.load(file, weights_only=True), model.state_dict()
    fits = {name: tensor for name, tensor in stored.items() if name in own and own[name].shape == tensor.shape}
    model.load_state_dict({n: (own[n] + t) / 2 for n, t in fits.items()}, strict=False)
    return sorted(own.keys() - fits.keys()), sorted(stored.keys() - fits.keys())


# %% wrong="load_pretrained" name="a program may run" says="weights_only=False: reading a stranger's file then runs whatever program is in it."
def load_pretrained(model, file):
    stored, own = torch.load(file, weights_only=False), model.state_dict()
    fits = {name: tensor for name, tensor in stored.items() if name in own and own[name].shape == tensor.shape}
    model.load_state_dict(fits, strict=False)
    return sorted(own.keys() - fits.keys()), sorted(stored.keys() - fits.keys())


# %% wrong="load_pretrained" name="all or nothing" says="If one tensor does not fit, nothing is loaded."
def load_pretrained(model, file):
    stored, own = torch.load(file, weights_only=True), model.state_dict()
    try:
        model.load_state_dict(stored)
        return [], []
    except RuntimeError:
        return sorted(own), sorted(stored)


# %% [markdown]
# ## freeze


# %% right="freeze" name="with get_submodule"
def freeze(model, names):
    parts = {}
    for name in names:
        try:
            parts[name] = model.get_submodule(name)
        except AttributeError:
            raise ValueError("no module is called " + name)
    found = set()
    for name, part in parts.items():
        part.train(False)
        for below, p in part.named_parameters():
            p.requires_grad = False
            p.grad = None
            found.add(name + "." + below if name else below)
    return sorted(found)


# %% right="freeze" name="names compared"
def freeze(model, names):
    known = [name for name, _ in model.named_modules()]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValueError(f"These are no modules: {unknown}")
    starts = tuple(name + "." if name else "" for name in names)
    found = []
    for name, p in model.named_parameters(remove_duplicate=False):
        if name.startswith(starts):
            p.requires_grad_(False)
            p.grad = None
            found.append(name)
    for name, module in model.named_modules():
        if (name + ".").startswith(starts):
            module.eval()
    return sorted(found)


# %% right="freeze" name="module by module"
def freeze(model, names):
    modules = dict(model.named_modules())
    try:
        chosen = [(name, modules[name]) for name in names]
    except KeyError as error:
        raise ValueError(f"not a module of the model: {error}") from None
    result = []
    for name, module in chosen:
        module.requires_grad_(False).eval()
        module.zero_grad(set_to_none=True)
        result += [f"{name}.{rest}".lstrip(".") for rest, _ in module.named_parameters()]
    return sorted(set(result))


# %% wrong="freeze" name="gradients zeroed only" says="The gradients are set to 0, and the parameters still learn: the next backward gives them new ones."
def freeze(model, names):
    modules = dict(model.named_modules())
    for name in names:
        if name not in modules:
            raise ValueError(f"the model has no module {name!r}")
    frozen = set()
    for name in names:
        modules[name].eval()
        for inner, parameter in modules[name].named_parameters(prefix=name):
            parameter.grad = torch.zeros_like(parameter)
            frozen.add(inner)
    return sorted(frozen)


# %% wrong="freeze" name="gradients deleted only" says="The gradients are deleted, but requires_grad stays True: the next backward gives new ones."
def freeze(model, names):
    modules = dict(model.named_modules())
    for name in names:
        if name not in modules:
            raise ValueError(f"the model has no module {name!r}")
    frozen = set()
    for name in names:
        modules[name].eval()
        for inner, parameter in modules[name].named_parameters(prefix=name):
            parameter.grad = None
            frozen.add(inner)
    return sorted(frozen)


# %% wrong="freeze" name="gradient stays" says="The gradient that was there stays: the optimizer's next step uses it, although requires_grad is False."
def freeze(model, names):
    modules = dict(model.named_modules())
    for name in names:
        if name not in modules:
            raise ValueError(f"the model has no module {name!r}")
    frozen = set()
    for name in names:
        modules[name].eval()
        for inner, parameter in modules[name].named_parameters(prefix=name):
            parameter.requires_grad_(False)
            frozen.add(inner)
    return sorted(frozen)


# %% wrong="freeze" name="gradient zero" says="The gradient is set to 0 and not to None: weight decay and momentum still move the parameter."
def freeze(model, names):
    modules = dict(model.named_modules())
    for name in names:
        if name not in modules:
            raise ValueError(f"the model has no module {name!r}")
    frozen = set()
    for name in names:
        modules[name].eval()
        for inner, parameter in modules[name].named_parameters(prefix=name):
            parameter.requires_grad_(False)
            if parameter.grad is not None:
                parameter.grad.zero_()
            frozen.add(inner)
    return sorted(frozen)


# %% wrong="freeze" name="an attribute of the module" says="module.requires_grad = False makes an attribute of the module that nobody reads. Its parameters still learn."
def freeze(model, names):
    modules = dict(model.named_modules())
    for name in names:
        if name not in modules:
            raise ValueError(f"the model has no module {name!r}")
    frozen = set()
    for name in names:
        modules[name].requires_grad = False
        for inner, parameter in modules[name].named_parameters(prefix=name):
            parameter.grad = None
            frozen.add(inner)
    return sorted(frozen)


# %% wrong="freeze" name="detached copies" says="detach() gives a second tensor, which is frozen. The model's parameter itself still learns."
def freeze(model, names):
    modules = dict(model.named_modules())
    for name in names:
        if name not in modules:
            raise ValueError(f"the model has no module {name!r}")
    frozen = set()
    for name in names:
        modules[name].eval()
        for inner, parameter in modules[name].named_parameters(prefix=name):
            parameter = parameter.detach()
            parameter.grad = None
            frozen.add(inner)
    return sorted(frozen)


# %% wrong="freeze" name="beginning without a dot" says="A name is compared as a beginning without a dot, so layer1 freezes layer10 too."
def freeze(model, names):
    modules = dict(model.named_modules())
    for name in names:
        if name not in modules:
            raise ValueError(f"the model has no module {name!r}")
    frozen = set()
    for name in names:
        for inner, parameter in model.named_parameters(remove_duplicate=False):
            if inner.startswith(name):
                parameter.requires_grad_(False)
                parameter.grad = None
                frozen.add(inner)
        for inner, module in modules.items():
            if inner.startswith(name):
                module.eval()
    return sorted(frozen)


# %% wrong="freeze" name="name anywhere" says="A name is searched anywhere in the parameters' names, so norm freezes all that has norm in its name."
def freeze(model, names):
    modules = dict(model.named_modules())
    for name in names:
        if name not in modules:
            raise ValueError(f"the model has no module {name!r}")
    frozen = set()
    for name in names:
        modules[name].eval()
        for inner, parameter in model.named_parameters(remove_duplicate=False):
            if f"{name}." in f".{inner}" or not name:
                parameter.requires_grad_(False)
                parameter.grad = None
                frozen.add(inner)
    return sorted(frozen)


# %% wrong="freeze" name="shared parameter forgotten" says="model.named_parameters() gives a shared parameter only with its first name. If the second module is named, the shared parameter still learns."
def freeze(model, names):
    modules = dict(model.named_modules())
    for name in names:
        if name not in modules:
            raise ValueError(f"the model has no module {name!r}")
    frozen = set()
    for name in names:
        modules[name].eval()
        for inner, parameter in model.named_parameters():
            if not name or inner.startswith(name + "."):
                parameter.requires_grad_(False)
                parameter.grad = None
                frozen.add(inner)
    return sorted(frozen)


# %% wrong="freeze" name="no evaluation mode" says="The modules stay in training mode: a batch norm in them moves its averages with every batch."
def freeze(model, names):
    modules = dict(model.named_modules())
    for name in names:
        if name not in modules:
            raise ValueError(f"the model has no module {name!r}")
    frozen = set()
    for name in names:
        for inner, parameter in modules[name].named_parameters(prefix=name):
            parameter.requires_grad_(False)
            parameter.grad = None
            frozen.add(inner)
    return sorted(frozen)


# %% wrong="freeze" name="mode of the module alone" says="training is set for the module alone: the modules inside stay in training mode."
def freeze(model, names):
    modules = dict(model.named_modules())
    for name in names:
        if name not in modules:
            raise ValueError(f"the model has no module {name!r}")
    frozen = set()
    for name in names:
        modules[name].training = False
        for inner, parameter in modules[name].named_parameters(prefix=name):
            parameter.requires_grad_(False)
            parameter.grad = None
            frozen.add(inner)
    return sorted(frozen)


# %% wrong="freeze" name="mode of batch norms alone" says="Only batch norms are put into evaluation mode: dropout in the frozen part still deletes numbers."
def freeze(model, names):
    modules = dict(model.named_modules())
    for name in names:
        if name not in modules:
            raise ValueError(f"the model has no module {name!r}")
    frozen = set()
    for name in names:
        for part in modules[name].modules():
            if any(buffer == "running_mean" for buffer, _ in part.named_buffers(recurse=False)):
                part.eval()
        for inner, parameter in modules[name].named_parameters(prefix=name):
            parameter.requires_grad_(False)
            parameter.grad = None
            frozen.add(inner)
    return sorted(frozen)


# %% wrong="freeze" name="whole model in evaluation mode" says="The whole model is put into evaluation mode. The rest must stay in the mode in which it was."
def freeze(model, names):
    modules = dict(model.named_modules())
    for name in names:
        if name not in modules:
            raise ValueError(f"the model has no module {name!r}")
    model.eval()
    frozen = set()
    for name in names:
        for inner, parameter in modules[name].named_parameters(prefix=name):
            parameter.requires_grad_(False)
            parameter.grad = None
            frozen.add(inner)
    return sorted(frozen)


# %% wrong="freeze" name="the rest in training mode" says="The rest of the model is put into training mode. It must stay in the mode in which it was."
def freeze(model, names):
    modules = dict(model.named_modules())
    for name in names:
        if name not in modules:
            raise ValueError(f"the model has no module {name!r}")
    model.train()
    frozen = set()
    for name in names:
        modules[name].eval()
        for inner, parameter in modules[name].named_parameters(prefix=name):
            parameter.requires_grad_(False)
            parameter.grad = None
            frozen.add(inner)
    return sorted(frozen)


# %% wrong="freeze" name="everything frozen" says="All parameters of the model are frozen, and not only those of the modules that were named."
def freeze(model, names):
    modules = dict(model.named_modules())
    for name in names:
        if name not in modules:
            raise ValueError(f"the model has no module {name!r}")
        modules[name].eval()
    for parameter in model.parameters():
        parameter.requires_grad_(False)
        parameter.grad = None
    return sorted({inner for name in names for inner, _ in modules[name].named_parameters(prefix=name)})


# %% wrong="freeze" name="the rest learns" says="All other parameters are made to learn. One that was frozen earlier must stay frozen."
def freeze(model, names):
    modules = dict(model.named_modules())
    for name in names:
        if name not in modules:
            raise ValueError(f"the model has no module {name!r}")
    model.requires_grad_(True)
    frozen = set()
    for name in names:
        modules[name].eval()
        for inner, parameter in modules[name].named_parameters(prefix=name):
            parameter.requires_grad_(False)
            parameter.grad = None
            frozen.add(inner)
    return sorted(frozen)


# %% wrong="freeze" name="all gradients deleted" says="The gradients of the whole model are deleted. Those of the other parameters must stay."
def freeze(model, names):
    modules = dict(model.named_modules())
    for name in names:
        if name not in modules:
            raise ValueError(f"the model has no module {name!r}")
    frozen = set()
    for name in names:
        modules[name].eval()
        for inner, parameter in modules[name].named_parameters(prefix=name):
            parameter.requires_grad_(False)
            frozen.add(inner)
    model.zero_grad()
    return sorted(frozen)


# %% wrong="freeze" name="direct parameters only" says="recurse=False: only parameters of the module itself are frozen, and none of the modules inside."
def freeze(model, names):
    modules = dict(model.named_modules())
    for name in names:
        if name not in modules:
            raise ValueError(f"the model has no module {name!r}")
    frozen = set()
    for name in names:
        modules[name].eval()
        for inner, parameter in modules[name].named_parameters(prefix=name, recurse=False):
            parameter.requires_grad_(False)
            parameter.grad = None
            frozen.add(inner)
    return sorted(frozen)


# %% wrong="freeze" name="weights only" says="Only weights are frozen. Biases and all other parameters are forgotten."
def freeze(model, names):
    modules = dict(model.named_modules())
    for name in names:
        if name not in modules:
            raise ValueError(f"the model has no module {name!r}")
    frozen = set()
    for name in names:
        modules[name].eval()
        for inner, parameter in modules[name].named_parameters(prefix=name):
            if inner.endswith("weight"):
                parameter.requires_grad_(False)
                parameter.grad = None
                frozen.add(inner)
    return sorted(frozen)


# %% wrong="freeze" name="first name only" says="The function returns within the loop: only the first name is frozen."
def freeze(model, names):
    modules = dict(model.named_modules())
    for name in names:
        if name not in modules:
            raise ValueError(f"the model has no module {name!r}")
    frozen = set()
    for name in names:
        modules[name].eval()
        for inner, parameter in modules[name].named_parameters(prefix=name):
            parameter.requires_grad_(False)
            parameter.grad = None
            frozen.add(inner)
        return sorted(frozen)
    return []


# %% wrong="freeze" name="last name told only" says="The list begins anew with each name: only the parameters of the last one are told."
def freeze(model, names):
    modules = dict(model.named_modules())
    for name in names:
        if name not in modules:
            raise ValueError(f"the model has no module {name!r}")
    frozen = set()
    for name in names:
        frozen = set()
        modules[name].eval()
        for inner, parameter in modules[name].named_parameters(prefix=name):
            parameter.requires_grad_(False)
            parameter.grad = None
            frozen.add(inner)
    return sorted(frozen)


# %% wrong="freeze" name="names of modules" says="The names of modules come back. The names of their parameters are asked for."
def freeze(model, names):
    modules = dict(model.named_modules())
    for name in names:
        if name not in modules:
            raise ValueError(f"the model has no module {name!r}")
    for name in names:
        modules[name].eval()
        for parameter in modules[name].parameters():
            parameter.requires_grad_(False)
            parameter.grad = None
    return sorted(set(names))


# %% wrong="freeze" name="parts at the top only" says="Only the parts at the top of the model are known. A name such as encoder.blocks.0 is a module, too."
def freeze(model, names):
    modules = dict(model.named_children())
    for name in names:
        if name not in modules:
            raise ValueError(f"the model has no module {name!r}")
    frozen = set()
    for name in names:
        modules[name].eval()
        for inner, parameter in modules[name].named_parameters(prefix=name):
            parameter.requires_grad_(False)
            parameter.grad = None
            frozen.add(inner)
    return sorted(frozen)


# %% wrong="freeze" name="always the encoder" says="encoder is frozen, whatever was named."
def freeze(model, names):
    modules = dict(model.named_modules())
    for name in names:
        if name not in modules:
            raise ValueError(f"the model has no module {name!r}")
    frozen = set()
    for name in ["encoder"] if "encoder" in modules else []:
        modules[name].eval()
        for inner, parameter in modules[name].named_parameters(prefix=name):
            parameter.requires_grad_(False)
            parameter.grad = None
            frozen.add(inner)
    return sorted(frozen)


# %% wrong="freeze" name="half frozen" says="Names are looked at one by one: those before the wrong one are frozen when the error comes."
def freeze(model, names):
    modules = dict(model.named_modules())
    frozen = set()
    for name in names:
        if name not in modules:
            raise ValueError(f"the model has no module {name!r}")
        modules[name].eval()
        for inner, parameter in modules[name].named_parameters(prefix=name):
            parameter.requires_grad_(False)
            parameter.grad = None
            frozen.add(inner)
    return sorted(frozen)


# %% wrong="freeze" name="mode changed before the error" says="The modules before the wrong name are in evaluation mode when the error comes."
def freeze(model, names):
    modules = dict(model.named_modules())
    for name in names:
        if name not in modules:
            raise ValueError(f"the model has no module {name!r}")
        modules[name].eval()
    frozen = set()
    for name in names:
        for inner, parameter in modules[name].named_parameters(prefix=name):
            parameter.requires_grad_(False)
            parameter.grad = None
            frozen.add(inner)
    return sorted(frozen)


# %% wrong="freeze" name="KeyError" says="A wrong name stops with a KeyError of the dictionary. A ValueError is asked for."
def freeze(model, names):
    modules = dict(model.named_modules())
    chosen = {name: modules[name] for name in names}
    frozen = set()
    for name, module in chosen.items():
        module.eval()
        for inner, parameter in module.named_parameters(prefix=name):
            parameter.requires_grad_(False)
            parameter.grad = None
            frozen.add(inner)
    return sorted(frozen)


# %% wrong="freeze" name="error without the name" says="The message does not say which name is wrong."
def freeze(model, names):
    modules = dict(model.named_modules())
    if not modules.keys() >= set(names):
        raise ValueError("the model has no such module")
    frozen = set()
    for name in names:
        modules[name].eval()
        for inner, parameter in modules[name].named_parameters(prefix=name):
            parameter.requires_grad_(False)
            parameter.grad = None
            frozen.add(inner)
    return sorted(frozen)


# %% wrong="freeze" name="averages reset" says="The averages of batch norms are reset. A frozen module stays what it was."
def freeze(model, names):
    modules = dict(model.named_modules())
    for name in names:
        if name not in modules:
            raise ValueError(f"the model has no module {name!r}")
    frozen = set()
    for name in names:
        modules[name].eval()
        for inner, buffer in modules[name].named_buffers(prefix=name):
            buffer.zero_()
        for inner, parameter in modules[name].named_parameters(prefix=name):
            parameter.requires_grad_(False)
            parameter.grad = None
            frozen.add(inner)
    return sorted(frozen)


# %% [markdown]
# ## parameter_groups


# %% right="parameter_groups" name="two lists"
def parameter_groups(model, lr, encoder_lr):
    learning = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
    other = [p for n, p in learning if not n.startswith("encoder.")]
    encoder = [p for n, p in learning if n.startswith("encoder.")]
    result = []
    if other:
        result.append({"params": other, "lr": lr})
    if encoder:
        result.append({"params": encoder, "lr": encoder_lr})
    return result


# %% right="parameter_groups" name="the name is cut"
def parameter_groups(model, lr, encoder_lr):
    lists = {False: [], True: []}
    for name, parameter in model.named_parameters():
        first, dot, _ = name.partition(".")
        if parameter.requires_grad:
            lists[first == "encoder" and dot == "."] += [parameter]
    rates = {False: lr, True: encoder_lr}
    return [dict(params=lists[key], lr=rates[key]) for key in lists if len(lists[key]) > 0]


# %% right="parameter_groups" name="by identity"
def parameter_groups(model, lr, encoder_lr):
    parts = dict(model.named_children())
    inside = {id(p) for p in parts["encoder"].parameters()} if "encoder" in parts else set()
    groups = []
    for wanted, rate in ((False, lr), (True, encoder_lr)):
        params = list(filter(lambda p: p.requires_grad and (id(p) in inside) == wanted, model.parameters()))
        groups += [{"lr": rate, "params": params}] * bool(params)
    return groups


# %% wrong="parameter_groups" name="frozen ones included" says="Frozen parameters are in the groups too. Only those with requires_grad belong there."
def parameter_groups(model, lr, encoder_lr):
    groups = [{"params": [], "lr": lr}, {"params": [], "lr": encoder_lr}]
    for name, parameter in model.named_parameters():
        groups[name.startswith("encoder.")]["params"].append(parameter)
    return [group for group in groups if group["params"]]


# %% wrong="parameter_groups" name="frozen ones left out of the encoder only" says="Frozen parameters are left out of the encoder's group only. The others can be frozen as well."
def parameter_groups(model, lr, encoder_lr):
    groups = [{"params": [], "lr": lr}, {"params": [], "lr": encoder_lr}]
    for name, parameter in model.named_parameters():
        if parameter.requires_grad or not name.startswith("encoder."):
            groups[name.startswith("encoder.")]["params"].append(parameter)
    return [group for group in groups if group["params"]]


# %% wrong="parameter_groups" name="frozen encoder goes to the others" says="Frozen parameters of the encoder go to the group of the others. They belong to no group."
def parameter_groups(model, lr, encoder_lr):
    groups = [{"params": [], "lr": lr}, {"params": [], "lr": encoder_lr}]
    for name, parameter in model.named_parameters():
        groups[name.startswith("encoder.") and parameter.requires_grad]["params"].append(parameter)
    return [group for group in groups if group["params"]]


# %% wrong="parameter_groups" name="learning is what has a gradient" says="Parameters without a gradient are left out. Before the first backward, none has one: requires_grad says what learns."
def parameter_groups(model, lr, encoder_lr):
    groups = [{"params": [], "lr": lr}, {"params": [], "lr": encoder_lr}]
    for name, parameter in model.named_parameters():
        if parameter.grad is not None:
            groups[name.startswith("encoder.")]["params"].append(parameter)
    return [group for group in groups if group["params"]]


# %% wrong="parameter_groups" name="frozen by module" says="If one parameter of the encoder is frozen, the whole encoder is left out. Each parameter says for itself whether it learns."
def parameter_groups(model, lr, encoder_lr):
    groups = [{"params": [], "lr": lr}, {"params": [], "lr": encoder_lr}]
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            groups[name.startswith("encoder.")]["params"].append(parameter)
    if not all(p.requires_grad for n, p in model.named_parameters() if n.startswith("encoder.")):
        groups[1]["params"] = []
    return [group for group in groups if group["params"]]


# %% wrong="parameter_groups" name="encoder in both groups" says="The first group holds all parameters, the encoder's too: those are in both groups, and torch refuses this."
def parameter_groups(model, lr, encoder_lr):
    groups = [{"params": [], "lr": lr}, {"params": [], "lr": encoder_lr}]
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            groups[0]["params"].append(parameter)
            if name.startswith("encoder."):
                groups[1]["params"].append(parameter)
    return [group for group in groups if group["params"]]


# %% wrong="parameter_groups" name="shared ones twice" says="A parameter that two modules share is there twice, once for each of its names."
def parameter_groups(model, lr, encoder_lr):
    groups = [{"params": [], "lr": lr}, {"params": [], "lr": encoder_lr}]
    for name, parameter in model.named_parameters(remove_duplicate=False):
        if parameter.requires_grad:
            groups[name.startswith("encoder.")]["params"].append(parameter)
    return [group for group in groups if group["params"]]


# %% wrong="parameter_groups" name="shared ones once in each group" says="A parameter that the encoder shares with the head is in both groups: each group looks for doubles only in itself."
def parameter_groups(model, lr, encoder_lr):
    groups = [{"params": [], "lr": lr}, {"params": [], "lr": encoder_lr}]
    for name, parameter in model.named_parameters(remove_duplicate=False):
        params = groups[name.startswith("encoder.")]["params"]
        if parameter.requires_grad and not any(parameter is p for p in params):
            params.append(parameter)
    return [group for group in groups if group["params"]]


# %% wrong="parameter_groups" name="rates exchanged" says="The rates are exchanged: the encoder learns with lr, everything else with encoder_lr."
def parameter_groups(model, lr, encoder_lr):
    groups = [{"params": [], "lr": encoder_lr}, {"params": [], "lr": lr}]
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            groups[name.startswith("encoder.")]["params"].append(parameter)
    return [group for group in groups if group["params"]]


# %% wrong="parameter_groups" name="encoder first" says="The encoder's group comes first. The group with lr is to be the first one."
def parameter_groups(model, lr, encoder_lr):
    groups = [{"params": [], "lr": encoder_lr}, {"params": [], "lr": lr}]
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            groups[not name.startswith("encoder.")]["params"].append(parameter)
    return [group for group in groups if group["params"]]


# %% wrong="parameter_groups" name="one rate" says="Both groups have the rate lr."
def parameter_groups(model, lr, encoder_lr):
    groups = [{"params": [], "lr": lr}, {"params": [], "lr": lr}]
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            groups[name.startswith("encoder.")]["params"].append(parameter)
    return [group for group in groups if group["params"]]


# %% wrong="parameter_groups" name="rate as a factor" says="The encoder's rate is lr times encoder_lr. encoder_lr is the rate itself."
def parameter_groups(model, lr, encoder_lr):
    groups = [{"params": [], "lr": lr}, {"params": [], "lr": lr * encoder_lr}]
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            groups[name.startswith("encoder.")]["params"].append(parameter)
    return [group for group in groups if group["params"]]


# %% wrong="parameter_groups" name="group with rate 0 left out" says="A group whose rate is 0 is left out. Only a group without parameters is."
def parameter_groups(model, lr, encoder_lr):
    groups = [{"params": [], "lr": lr}, {"params": [], "lr": encoder_lr}]
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            groups[name.startswith("encoder.")]["params"].append(parameter)
    return [group for group in groups if group["params"] and group["lr"]]


# %% wrong="parameter_groups" name="one group for equal rates" says="If both rates are equal, all parameters are put into one group. There are two groups all the same."
def parameter_groups(model, lr, encoder_lr):
    groups = [{"params": [], "lr": lr}, {"params": [], "lr": encoder_lr}]
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            groups[name.startswith("encoder.") and lr != encoder_lr]["params"].append(parameter)
    return [group for group in groups if group["params"]]


# %% wrong="parameter_groups" name="encoder anywhere" says="encoder is searched anywhere in the name, so decoder.encoder.weight is taken for the encoder's."
def parameter_groups(model, lr, encoder_lr):
    groups = [{"params": [], "lr": lr}, {"params": [], "lr": encoder_lr}]
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            groups["encoder" in name]["params"].append(parameter)
    return [group for group in groups if group["params"]]


# %% wrong="parameter_groups" name="encoder with a dot anywhere" says="encoder. is searched anywhere in the name. It must be the beginning: decoder.encoder.weight is not the encoder's."
def parameter_groups(model, lr, encoder_lr):
    groups = [{"params": [], "lr": lr}, {"params": [], "lr": encoder_lr}]
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            groups["encoder." in name]["params"].append(parameter)
    return [group for group in groups if group["params"]]


# %% wrong="parameter_groups" name="any part called encoder" says="Any part of the name may be encoder. Only the first one counts: decoder.encoder.weight is not the encoder's."
def parameter_groups(model, lr, encoder_lr):
    groups = [{"params": [], "lr": lr}, {"params": [], "lr": encoder_lr}]
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            groups["encoder" in name.split(".")]["params"].append(parameter)
    return [group for group in groups if group["params"]]


# %% wrong="parameter_groups" name="no dot" says="The dot is forgotten: encoder_norm.weight begins with encoder, but it is not the encoder's."
def parameter_groups(model, lr, encoder_lr):
    groups = [{"params": [], "lr": lr}, {"params": [], "lr": encoder_lr}]
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            groups[name.startswith("encoder")]["params"].append(parameter)
    return [group for group in groups if group["params"]]


# %% wrong="parameter_groups" name="capital letters ignored" says="Capital letters are ignored: Encoder. is not encoder."
def parameter_groups(model, lr, encoder_lr):
    groups = [{"params": [], "lr": lr}, {"params": [], "lr": encoder_lr}]
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            groups[name.lower().startswith("encoder.")]["params"].append(parameter)
    return [group for group in groups if group["params"]]


# %% wrong="parameter_groups" name="a parameter called encoder" says="A parameter that is itself called encoder is taken for the encoder's. Its name does not begin with encoder and a dot."
def parameter_groups(model, lr, encoder_lr):
    groups = [{"params": [], "lr": lr}, {"params": [], "lr": encoder_lr}]
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            groups[name.split(".")[0] == "encoder"]["params"].append(parameter)
    return [group for group in groups if group["params"]]


# %% wrong="parameter_groups" name="head only" says="The first group holds only what is called head. It is to hold all that is not the encoder's."
def parameter_groups(model, lr, encoder_lr):
    groups = [{"params": [], "lr": lr}, {"params": [], "lr": encoder_lr}]
    for name, parameter in model.named_parameters():
        if parameter.requires_grad and name.startswith(("head.", "encoder.")):
            groups[name.startswith("encoder.")]["params"].append(parameter)
    return [group for group in groups if group["params"]]


# %% wrong="parameter_groups" name="all but head is the encoder" says="All that is not called head is put into the encoder's group."
def parameter_groups(model, lr, encoder_lr):
    groups = [{"params": [], "lr": lr}, {"params": [], "lr": encoder_lr}]
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            groups[not name.startswith("head.")]["params"].append(parameter)
    return [group for group in groups if group["params"]]


# %% wrong="parameter_groups" name="needs an encoder" says="model.encoder is asked for: a model without an encoder stops with an error. It has one group."
def parameter_groups(model, lr, encoder_lr):
    inside = {id(p) for p in model.encoder.parameters()}
    groups = [{"params": [], "lr": lr}, {"params": [], "lr": encoder_lr}]
    for parameter in model.parameters():
        if parameter.requires_grad:
            groups[id(parameter) in inside]["params"].append(parameter)
    return [group for group in groups if group["params"]]


# %% wrong="parameter_groups" name="empty group kept" says="A group without parameters is kept. It is to be left out."
def parameter_groups(model, lr, encoder_lr):
    groups = [{"params": [], "lr": lr}, {"params": [], "lr": encoder_lr}]
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            groups[name.startswith("encoder.")]["params"].append(parameter)
    return groups


# %% wrong="parameter_groups" name="empty first group kept" says="The first group is kept even if it is empty. Either group is left out if nothing is in it."
def parameter_groups(model, lr, encoder_lr):
    groups = [{"params": [], "lr": lr}, {"params": [], "lr": encoder_lr}]
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            groups[name.startswith("encoder.")]["params"].append(parameter)
    return groups if groups[1]["params"] else groups[:1]


# %% wrong="parameter_groups" name="tuples" says="The parameters stand in tuples. Make lists."
def parameter_groups(model, lr, encoder_lr):
    groups = [{"params": (), "lr": lr}, {"params": (), "lr": encoder_lr}]
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            groups[name.startswith("encoder.")]["params"] += (parameter,)
    return [group for group in groups if group["params"]]


# %% wrong="parameter_groups" name="no decay for vectors" says="Further keys are in the groups. Each has only params and lr."
def parameter_groups(model, lr, encoder_lr):
    groups = [{"params": [], "lr": lr, "weight_decay": 0.1}, {"params": [], "lr": encoder_lr, "weight_decay": 0.0}]
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            groups[name.startswith("encoder.")]["params"].append(parameter)
    return [group for group in groups if group["params"]]


# %% wrong="parameter_groups" name="gradients deleted" says="The gradients of the model are deleted. To make groups changes nothing."
def parameter_groups(model, lr, encoder_lr):
    model.zero_grad()
    groups = [{"params": [], "lr": lr}, {"params": [], "lr": encoder_lr}]
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            groups[name.startswith("encoder.")]["params"].append(parameter)
    return [group for group in groups if group["params"]]


# %% [markdown]
# The answer catalogue of 97_part_c: right answers that look different, and wrong answers that students give.

# %% [markdown]
# ## pair_features


# %% right="pair_features" name="pair by pair, with boolean indexing"
def pair_features(states, segment, mask):
    rows = []
    for x, s, m in zip(states, segment, mask, strict=True):
        p = x[m & (s == 0)].mean(0)
        h = x[m & (s == 1)].mean(0)
        rows.append(torch.cat((p, h, torch.abs(p - h), p * h)))
    return torch.stack(rows)


# %% right="pair_features" name="shares and a product of matrices"
def pair_features(states, segment, mask):
    clean = states.masked_fill(~mask[..., None], 0)
    here = torch.stack([mask & (segment == 0), mask & (segment == 1)], dim=1).to(states.dtype)  # [B, 2, T]
    p, h = ((here / here.sum(dim=2, keepdim=True)) @ clean).unbind(1)
    return torch.cat([p, h, torch.maximum(p, h) - torch.minimum(p, h), p * h], -1)


# %% right="pair_features" name="nanmean"
def pair_features(states, segment, mask):
    hidden = ~mask.unsqueeze(-1)
    second = segment.unsqueeze(-1).bool()
    p = states.masked_fill(hidden | second, float("nan")).nanmean(1)
    h = states.masked_fill(hidden | ~second, float("nan")).nanmean(1)
    return torch.cat([p, h, (h - p).abs(), h * p], 1)


# %% right="pair_features" name="slices, as the pads come last"
def pair_features(states, segment, mask):
    p, h = [], []
    for b in range(len(states)):
        first, last = int((segment[b] == 0).sum()), int(mask[b].sum())
        p.append(states[b, :first].sum(0) / first)
        h.append(states[b, first:last].sum(0) / (last - first))
    p, h = torch.stack(p), torch.stack(h)
    return torch.hstack([p, h, F.relu(p - h) + F.relu(h - p), p.mul(h)])


# %% right="pair_features" name="index_add"
def pair_features(states, segment, mask):
    B, T, D = states.shape
    cell = (2 * torch.arange(B)[:, None] + segment)[mask]
    total = torch.zeros(2 * B, D, dtype=states.dtype).index_add(0, cell, states[mask])
    p, h = (total / torch.bincount(cell, minlength=2 * B)[:, None]).view(B, 2, D).unbind(1)
    return torch.cat([p, h, (p - h).abs(), p * h], 1)


# %% wrong="pair_features" name="pads in the mean" says="The mask is not used: the states at the pads, which have segment 1 as well, are in the mean of h."
def pair_features(states, segment, mask):
    p, h = (
        torch.where((segment == s).unsqueeze(2), states, 0).sum(dim=1) / (segment == s).sum(dim=1, keepdim=True)
        for s in (0, 1)
    )
    return torch.cat([p, h, (p - h).abs(), p * h], dim=1)


# %% wrong="pair_features" name="pads are counted" says="The states at the pads are 0, but the pads are still counted: the sum of h is divided by its words, its end and all pads."
def pair_features(states, segment, mask):
    p, h = (
        torch.where((mask & (segment == s)).unsqueeze(2), states, 0).sum(dim=1) / (segment == s).sum(1, keepdim=True)
        for s in (0, 1)
    )
    return torch.cat([p, h, (p - h).abs(), p * h], dim=1)


# %% wrong="pair_features" name="divided by T" says="Both sums are divided by T, the number of all places in the row. Each one is to be divided by the number of its own places."
def pair_features(states, segment, mask):
    p, h = (torch.where((mask & (segment == s)).unsqueeze(2), states, 0).mean(dim=1) for s in (0, 1))
    return torch.cat([p, h, (p - h).abs(), p * h], dim=1)


# %% wrong="pair_features" name="divided by the whole pair" says="Both sums are divided by the number of places of the whole pair. The premise has a number of its own, and so has the hypothesis."
def pair_features(states, segment, mask):
    p, h = (
        torch.where((mask & (segment == s)).unsqueeze(2), states, 0).sum(dim=1) / mask.sum(1, keepdim=True)
        for s in (0, 1)
    )
    return torch.cat([p, h, (p - h).abs(), p * h], dim=1)


# %% wrong="pair_features" name="one number of places for the batch" says="All pairs are divided by the same number of places, the largest one of the batch. Each pair has its own."
def pair_features(states, segment, mask):
    means = []
    for s in (0, 1):
        here = (mask & (segment == s)).unsqueeze(2)
        means.append(torch.where(here, states, 0).sum(dim=1) / here.sum(dim=1).max())
    p, h = means
    return torch.cat([p, h, (p - h).abs(), p * h], dim=1)


# %% wrong="pair_features" name="sum" says="These are sums. Divide each by the number of places that count, or long sentences get large vectors."
def pair_features(states, segment, mask):
    p, h = (torch.where((mask & (segment == s)).unsqueeze(2), states, 0).sum(dim=1) for s in (0, 1))
    return torch.cat([p, h, (p - h).abs(), p * h], dim=1)


# %% wrong="pair_features" name="product of the sums" says="The first three parts are right. The fourth is the product of the two sums, and not of the two means."
def pair_features(states, segment, mask):
    here = [(mask & (segment == s)).unsqueeze(2) for s in (0, 1)]
    p_sum, h_sum = (torch.where(k, states, 0).sum(dim=1) for k in here)
    p, h = p_sum / here[0].sum(dim=1), h_sum / here[1].sum(dim=1)
    return torch.cat([p, h, (p - h).abs(), p_sum * h_sum], dim=1)


# %% wrong="pair_features" name="segments exchanged" says="The two sentences are exchanged: the mean of h stands first. Segment 0 is the premise."
def pair_features(states, segment, mask):
    means = []
    for s in (1, 0):
        here = (mask & (segment == s)).unsqueeze(2)
        means.append(torch.where(here, states, 0).sum(dim=1) / here.sum(dim=1))
    p, h = means
    return torch.cat([p, h, (p - h).abs(), p * h], dim=1)


# %% wrong="pair_features" name="no absolute value" says="The difference keeps its sign. Asked for is how far the means are apart: the absolute value of each number."
def pair_features(states, segment, mask):
    means = []
    for s in (0, 1):
        here = (mask & (segment == s)).unsqueeze(2)
        means.append(torch.where(here, states, 0).sum(dim=1) / here.sum(dim=1))
    p, h = means
    return torch.cat([p, h, p - h, p * h], dim=1)


# %% wrong="pair_features" name="negative differences become 0" says="relu makes all negative differences 0. The absolute value turns their sign round."
def pair_features(states, segment, mask):
    means = []
    for s in (0, 1):
        here = (mask & (segment == s)).unsqueeze(2)
        means.append(torch.where(here, states, 0).sum(dim=1) / here.sum(dim=1))
    p, h = means
    return torch.cat([p, h, (p - h).relu(), p * h], dim=1)


# %% wrong="pair_features" name="square of the difference" says="The difference is squared. Asked for is its absolute value."
def pair_features(states, segment, mask):
    means = []
    for s in (0, 1):
        here = (mask & (segment == s)).unsqueeze(2)
        means.append(torch.where(here, states, 0).sum(dim=1) / here.sum(dim=1))
    p, h = means
    return torch.cat([p, h, (p - h) ** 2, p * h], dim=1)


# %% wrong="pair_features" name="difference of the absolute values" says="The absolute values are taken before the difference: 2 and -2 then have the distance 0. Take the difference first."
def pair_features(states, segment, mask):
    means = []
    for s in (0, 1):
        here = (mask & (segment == s)).unsqueeze(2)
        means.append(torch.where(here, states, 0).sum(dim=1) / here.sum(dim=1))
    p, h = means
    return torch.cat([p, h, (p.abs() - h.abs()).abs(), p * h], dim=1)


# %% wrong="pair_features" name="max in place of mean" says="This is the largest number of each column, and not the mean."
def pair_features(states, segment, mask):
    p, h = (states.masked_fill(~(mask & (segment == s)).unsqueeze(2), float("-inf")).amax(dim=1) for s in (0, 1))
    return torch.cat([p, h, (p - h).abs(), p * h], dim=1)


# %% wrong="pair_features" name="ends left out" says="The last place of each sentence is left out. The ends count: the encoder has written a state there, too."
def pair_features(states, segment, mask):
    means = []
    for s in (0, 1):
        here = mask & (segment == s)
        after = here & torch.cat([here[:, 1:], torch.zeros_like(here[:, :1])], dim=1)
        after = torch.where(after.any(dim=1, keepdim=True), after, here).unsqueeze(2)
        means.append(torch.where(after, states, 0).sum(dim=1) / after.sum(dim=1))
    p, h = means
    return torch.cat([p, h, (p - h).abs(), p * h], dim=1)


# %% wrong="pair_features" name="only the first place" says="Only the first state of each sentence is taken. Asked for is the mean of all its states."
def pair_features(states, segment, mask):
    rows = torch.arange(len(states))
    p, h = states[:, 0], states[rows, (segment == 0).sum(dim=1)]
    return torch.cat([p, h, (p - h).abs(), p * h], dim=1)


# %% wrong="pair_features" name="only the ends" says="Only the state at the end of each sentence is taken, as if this were an RNN. Asked for is the mean of all its states."
def pair_features(states, segment, mask):
    rows = torch.arange(len(states))
    p, h = states[rows, (segment == 0).sum(dim=1) - 1], states[rows, mask.sum(dim=1) - 1]
    return torch.cat([p, h, (p - h).abs(), p * h], dim=1)


# %% wrong="pair_features" name="mean over the batch" says="The mean goes over the pairs of the batch, too: all pairs get the same vector. Each pair has its own."
def pair_features(states, segment, mask):
    p, h = (states[mask & (segment == s)].mean(dim=0, keepdim=True).expand(len(states), -1) for s in (0, 1))
    return torch.cat([p, h, (p - h).abs(), p * h], dim=1)


# %% wrong="pair_features" name="only one row" says="The mean goes over the pairs of the batch, too, and one vector is left of the whole batch. Each pair has its own."
def pair_features(states, segment, mask):
    p, h = (states[mask & (segment == s)].mean(dim=0, keepdim=True) for s in (0, 1))
    return torch.cat([p, h, (p - h).abs(), p * h], dim=1)


# %% wrong="pair_features" name="product before distance" says="The third and the fourth part are exchanged: first the distance, then the product."
def pair_features(states, segment, mask):
    means = []
    for s in (0, 1):
        here = (mask & (segment == s)).unsqueeze(2)
        means.append(torch.where(here, states, 0).sum(dim=1) / here.sum(dim=1))
    p, h = means
    return torch.cat([p, h, p * h, (p - h).abs()], dim=1)


# %% wrong="pair_features" name="concatenated along the batch" says="The parts stand below each other, as if there were four times as many pairs. Concatenate them along dimension 1."
def pair_features(states, segment, mask):
    means = []
    for s in (0, 1):
        here = (mask & (segment == s)).unsqueeze(2)
        means.append(torch.where(here, states, 0).sum(dim=1) / here.sum(dim=1))
    p, h = means
    return torch.cat([p, h, (p - h).abs(), p * h])


# %% wrong="pair_features" name="states changed in place" says="Zeros are written into the caller's states. Make a new tensor: the caller still needs the old one."
def pair_features(states, segment, mask):
    with torch.no_grad():
        states[~mask] = 0
    here = [(mask & (segment == s)).unsqueeze(2) for s in (0, 1)]
    p, h = ((states * k).sum(dim=1) / k.sum(dim=1) for k in here)
    return torch.cat([p, h, (p - h).abs(), p * h], dim=1)


# %% wrong="pair_features" name="product with the mask" says="The states are multiplied with the mask. If a pad holds NaN or infinity, 0 times it is NaN: choose in place of multiplying."
def pair_features(states, segment, mask):
    here = [(mask & (segment == s)).unsqueeze(2) for s in (0, 1)]
    p, h = ((states * k).sum(dim=1) / k.sum(dim=1) for k in here)
    return torch.cat([p, h, (p - h).abs(), p * h], dim=1)


# %% wrong="pair_features" name="only NaN taken away" says="NaN is replaced by 0, but infinity is not: 0 times infinity is NaN as well. Choose in place of multiplying."
def pair_features(states, segment, mask):
    states = torch.where(states.isnan(), 0, states)
    here = [(mask & (segment == s)).unsqueeze(2) for s in (0, 1)]
    p, h = ((states * k).sum(dim=1) / k.sum(dim=1) for k in here)
    return torch.cat([p, h, (p - h).abs(), p * h], dim=1)


# %% wrong="pair_features" name="places of the first pair" says="The places of the first pair are used for all pairs of the batch. Each pair has its own segment and its own mask."
def pair_features(states, segment, mask):
    means = []
    for s in (0, 1):
        here = mask[0] & (segment[0] == s)
        means.append(states[:, here].mean(dim=1))
    p, h = means
    return torch.cat([p, h, (p - h).abs(), p * h], dim=1)


# %% wrong="pair_features" name="a loop that returns too early" says="The loop returns after the first pair: the other pairs of the batch have no vector."
def pair_features(states, segment, mask):
    for b in range(len(states)):
        p = states[b, mask[b] & (segment[b] == 0)].mean(dim=0)
        h = states[b, mask[b] & (segment[b] == 1)].mean(dim=0)
        return torch.cat([p, h, (p - h).abs(), p * h]).unsqueeze(0)


# %% wrong="pair_features" name="no gradient" says="The means are calculated without gradients: the encoder cannot learn from the loss."
def pair_features(states, segment, mask):
    with torch.no_grad():
        means = []
        for s in (0, 1):
            here = (mask & (segment == s)).unsqueeze(2)
            means.append(torch.where(here, states, 0).sum(dim=1) / here.sum(dim=1))
        p, h = means
    return torch.cat([p, h, (p - h).abs(), p * h], dim=1)


# %% wrong="pair_features" name="comparisons detached" says="The distance and the product are cut off from the states: only the two means pass a gradient on."
def pair_features(states, segment, mask):
    means = []
    for s in (0, 1):
        here = (mask & (segment == s)).unsqueeze(2)
        means.append(torch.where(here, states, 0).sum(dim=1) / here.sum(dim=1))
    p, h = means
    return torch.cat([p, h, (p - h).abs().detach(), (p * h).detach()], dim=1)


# %% wrong="pair_features" name="float32" says="The result is always float32: states in float64 lose their digits."
def pair_features(states, segment, mask):
    means = []
    for s in (0, 1):
        here = (mask & (segment == s)).unsqueeze(2)
        means.append(torch.where(here, states, 0).sum(dim=1) / here.sum(dim=1))
    p, h = means
    return torch.cat([p, h, (p - h).abs(), p * h], dim=1).float()


# %% [markdown]
# ## attention_entailment


# %% right="attention_entailment" name="einsum, and a lowest number"
def attention_entailment(p_states, h_states, p_mask, h_mask):
    scores = torch.einsum("bqd,bpd->bqp", h_states, p_states) * p_states.shape[-1] ** -0.5
    scores = torch.where(p_mask[:, None], scores, torch.finfo(scores.dtype).min)
    weights = F.softmax(scores, -1)
    c = torch.einsum("bqp,bpd->bqd", weights, p_states)
    parts = [h_states, c, torch.abs(c - h_states), c * h_states]
    share = h_mask / h_mask.sum(1, keepdim=True)
    return torch.cat([torch.einsum("bq,bqd->bd", share.to(x.dtype), x) for x in parts], 1), weights


# %% right="attention_entailment" name="pair by pair, only real words; weights without a history"
def attention_entailment(p_states, h_states, p_mask, h_mask):
    B, Q, D = h_states.shape
    features, weights = [], h_states.new_zeros(B, Q, p_states.shape[1])
    for b in range(B):
        p, h = p_states[b][p_mask[b]], h_states[b][h_mask[b]]
        w = torch.softmax(h @ p.T / D**0.5, dim=1)
        c = w @ p
        features.append(torch.cat([h, c, (h - c).abs(), h * c], dim=1).mean(dim=0))
        rows, columns = h_mask[b].nonzero(), p_mask[b].nonzero().T
        weights = weights.index_put((torch.tensor(b), rows, columns), w)
    return torch.stack(features), weights.detach()


# %% right="attention_entailment" name="torch's own attention for what is found"
def attention_entailment(p_states, h_states, p_mask, h_mask):
    allowed = p_mask.unsqueeze(1).expand(-1, h_states.shape[1], -1)
    c = F.scaled_dot_product_attention(h_states, p_states, p_states, attn_mask=allowed)
    scores = torch.bmm(h_states, p_states.mT).div(h_states.shape[2] ** 0.5)
    weights = scores.masked_fill(~allowed, -torch.inf).softmax(2)
    v = torch.cat([h_states, c, (h_states - c).abs(), h_states * c], 2)
    return (v * h_mask[..., None]).sum(1) / h_mask.sum(1)[:, None], weights


# %% right="attention_entailment" name="-1e9, exp by hand, the maximum taken away"
def attention_entailment(p_states, h_states, p_mask, h_mask):
    scores = (h_states / h_states.shape[2] ** 0.5) @ p_states.transpose(-1, -2) + (~p_mask).unsqueeze(1) * -1e9
    powers = (scores - scores.amax(2, keepdim=True).detach()).exp()
    weights = powers / powers.sum(2, keepdim=True)
    c = (weights.unsqueeze(3) * p_states.unsqueeze(1)).sum(2)
    counts = h_mask.sum(1, keepdim=True)
    parts = (h_states, c, torch.maximum(h_states - c, c - h_states), h_states * c)
    return torch.cat([x.masked_fill(~h_mask.unsqueeze(2), 0).sum(1) / counts for x in parts], 1), weights


# %% wrong="attention_entailment" name="softmax over h" says="The softmax goes over the words of h: they share a sum of 1 for each word of p. Each word of h has a sum of 1 of its own, over the words of p."
def attention_entailment(p_states, h_states, p_mask, h_mask):
    scores = h_states @ p_states.transpose(1, 2) / p_states.shape[2] ** 0.5
    weights = scores.masked_fill(~h_mask.unsqueeze(2), float("-inf")).softmax(dim=1) * p_mask.unsqueeze(1)
    c = weights @ p_states
    compared = torch.cat([h_states, c, (h_states - c).abs(), h_states * c], dim=2)
    real = h_mask.unsqueeze(2)
    return torch.where(real, compared, 0).sum(dim=1) / real.sum(dim=1), weights


# %% wrong="attention_entailment" name="softmax over the batch" says="The softmax goes over dimension 0, the pairs of the batch: a pair's weights depend on the pairs beside it."
def attention_entailment(p_states, h_states, p_mask, h_mask):
    scores = h_states @ p_states.transpose(1, 2) / p_states.shape[2] ** 0.5
    weights = scores.softmax(dim=0) * p_mask.unsqueeze(1)
    c = weights @ p_states
    compared = torch.cat([h_states, c, (h_states - c).abs(), h_states * c], dim=2)
    real = h_mask.unsqueeze(2)
    return torch.where(real, compared, 0).sum(dim=1) / real.sum(dim=1), weights


# %% wrong="attention_entailment" name="one softmax for the pair" says="One softmax goes over all words of h and p together: only the whole pair has a sum of 1. Each word of h has a sum of 1 of its own."
def attention_entailment(p_states, h_states, p_mask, h_mask):
    scores = h_states @ p_states.transpose(1, 2) / p_states.shape[2] ** 0.5
    both = h_mask.unsqueeze(2) & p_mask.unsqueeze(1)
    weights = scores.masked_fill(~both, float("-inf")).flatten(1).softmax(dim=1).view_as(scores)
    c = weights @ p_states
    compared = torch.cat([h_states, c, (h_states - c).abs(), h_states * c], dim=2)
    real = h_mask.unsqueeze(2)
    return torch.where(real, compared, 0).sum(dim=1) / real.sum(dim=1), weights


# %% wrong="attention_entailment" name="not divided" says="The division by √D is missing: with many numbers in a state, nearly all the weight goes to one word."
def attention_entailment(p_states, h_states, p_mask, h_mask):
    scores = h_states @ p_states.transpose(1, 2)
    weights = scores.masked_fill(~p_mask.unsqueeze(1), float("-inf")).softmax(dim=2)
    c = weights @ p_states
    compared = torch.cat([h_states, c, (h_states - c).abs(), h_states * c], dim=2)
    real = h_mask.unsqueeze(2)
    return torch.where(real, compared, 0).sum(dim=1) / real.sum(dim=1), weights


# %% wrong="attention_entailment" name="divided by D" says="The scores are divided by D, and not by its root: the weights become too equal."
def attention_entailment(p_states, h_states, p_mask, h_mask):
    scores = h_states @ p_states.transpose(1, 2) / p_states.shape[2]
    weights = scores.masked_fill(~p_mask.unsqueeze(1), float("-inf")).softmax(dim=2)
    c = weights @ p_states
    compared = torch.cat([h_states, c, (h_states - c).abs(), h_states * c], dim=2)
    real = h_mask.unsqueeze(2)
    return torch.where(real, compared, 0).sum(dim=1) / real.sum(dim=1), weights


# %% wrong="attention_entailment" name="divided by the root of P" says="The scores are divided by √P, the number of places of the premise. A dot product is a sum of D numbers, so D belongs below the root."
def attention_entailment(p_states, h_states, p_mask, h_mask):
    scores = h_states @ p_states.transpose(1, 2) / p_states.shape[1] ** 0.5
    weights = scores.masked_fill(~p_mask.unsqueeze(1), float("-inf")).softmax(dim=2)
    c = weights @ p_states
    compared = torch.cat([h_states, c, (h_states - c).abs(), h_states * c], dim=2)
    real = h_mask.unsqueeze(2)
    return torch.where(real, compared, 0).sum(dim=1) / real.sum(dim=1), weights


# %% wrong="attention_entailment" name="cosine" says="The states are brought to length 1 first: this is the cosine. Asked for is the dot product, divided by √D."
def attention_entailment(p_states, h_states, p_mask, h_mask):
    scores = F.normalize(h_states, dim=2) @ F.normalize(p_states, dim=2).transpose(1, 2)
    weights = scores.masked_fill(~p_mask.unsqueeze(1), float("-inf")).softmax(dim=2)
    c = weights @ p_states
    compared = torch.cat([h_states, c, (h_states - c).abs(), h_states * c], dim=2)
    real = h_mask.unsqueeze(2)
    return torch.where(real, compared, 0).sum(dim=1) / real.sum(dim=1), weights


# %% wrong="attention_entailment" name="pads of p get weight" says="The mask of p is not used: pads of the premise get weight, and their states are found."
def attention_entailment(p_states, h_states, p_mask, h_mask):
    scores = h_states @ p_states.transpose(1, 2) / p_states.shape[2] ** 0.5
    weights = scores.softmax(dim=2)
    c = weights @ p_states
    compared = torch.cat([h_states, c, (h_states - c).abs(), h_states * c], dim=2)
    real = h_mask.unsqueeze(2)
    return torch.where(real, compared, 0).sum(dim=1) / real.sum(dim=1), weights


# %% wrong="attention_entailment" name="0 at the pads" says="The score at the pads of p is set to 0. exp(0) is 1, so a pad still gets weight: it has to be minus infinity."
def attention_entailment(p_states, h_states, p_mask, h_mask):
    scores = h_states @ p_states.transpose(1, 2) / p_states.shape[2] ** 0.5
    weights = scores.masked_fill(~p_mask.unsqueeze(1), 0.0).softmax(dim=2)
    c = weights @ p_states
    compared = torch.cat([h_states, c, (h_states - c).abs(), h_states * c], dim=2)
    real = h_mask.unsqueeze(2)
    return torch.where(real, compared, 0).sum(dim=1) / real.sum(dim=1), weights


# %% wrong="attention_entailment" name="-10000 at the pads" says="The score at the pads of p is set to -10000. If all words have still lower scores, the pad gets all the weight."
def attention_entailment(p_states, h_states, p_mask, h_mask):
    scores = h_states @ p_states.transpose(1, 2) / p_states.shape[2] ** 0.5
    weights = scores.masked_fill(~p_mask.unsqueeze(1), -10000.0).softmax(dim=2)
    c = weights @ p_states
    compared = torch.cat([h_states, c, (h_states - c).abs(), h_states * c], dim=2)
    real = h_mask.unsqueeze(2)
    return torch.where(real, compared, 0).sum(dim=1) / real.sum(dim=1), weights


# %% wrong="attention_entailment" name="renewed after the softmax" says="The weights are divided by their sum after the mask. If a pad has a score far above the words, their weights are rounded to 0 before, and 0 / 0 is NaN."
def attention_entailment(p_states, h_states, p_mask, h_mask):
    scores = h_states @ p_states.transpose(1, 2) / p_states.shape[2] ** 0.5
    weights = scores.softmax(dim=2) * p_mask.unsqueeze(1)
    weights = weights / weights.sum(dim=2, keepdim=True)
    c = weights @ p_states
    compared = torch.cat([h_states, c, (h_states - c).abs(), h_states * c], dim=2)
    real = h_mask.unsqueeze(2)
    return torch.where(real, compared, 0).sum(dim=1) / real.sum(dim=1), weights


# %% wrong="attention_entailment" name="weights transposed" says="The weights come as [B, P, Q]. Each word of h has a row: [B, Q, P]."
def attention_entailment(p_states, h_states, p_mask, h_mask):
    scores = h_states @ p_states.transpose(1, 2) / p_states.shape[2] ** 0.5
    weights = scores.masked_fill(~p_mask.unsqueeze(1), float("-inf")).softmax(dim=2)
    c = weights @ p_states
    compared = torch.cat([h_states, c, (h_states - c).abs(), h_states * c], dim=2)
    real = h_mask.unsqueeze(2)
    return torch.where(real, compared, 0).sum(dim=1) / real.sum(dim=1), weights.transpose(1, 2)


# %% wrong="attention_entailment" name="sum in place of mean" says="The words of h are summed, as in the paper. Asked for is their mean: divide by the number of words of h."
def attention_entailment(p_states, h_states, p_mask, h_mask):
    scores = h_states @ p_states.transpose(1, 2) / p_states.shape[2] ** 0.5
    weights = scores.masked_fill(~p_mask.unsqueeze(1), float("-inf")).softmax(dim=2)
    c = weights @ p_states
    compared = torch.cat([h_states, c, (h_states - c).abs(), h_states * c], dim=2)
    return torch.where(h_mask.unsqueeze(2), compared, 0).sum(dim=1), weights


# %% wrong="attention_entailment" name="pads of h in the mean" says="The mask of h is not used: the pads of h are compared, too, and are in the mean."
def attention_entailment(p_states, h_states, p_mask, h_mask):
    scores = h_states @ p_states.transpose(1, 2) / p_states.shape[2] ** 0.5
    weights = scores.masked_fill(~p_mask.unsqueeze(1), float("-inf")).softmax(dim=2)
    c = weights @ p_states
    compared = torch.cat([h_states, c, (h_states - c).abs(), h_states * c], dim=2)
    return compared.mean(dim=1), weights


# %% wrong="attention_entailment" name="divided by Q" says="The pads of h add 0, but they are counted: the sum is divided by Q, and not by the number of words of h."
def attention_entailment(p_states, h_states, p_mask, h_mask):
    scores = h_states @ p_states.transpose(1, 2) / p_states.shape[2] ** 0.5
    weights = scores.masked_fill(~p_mask.unsqueeze(1), float("-inf")).softmax(dim=2)
    c = weights @ p_states
    compared = torch.cat([h_states, c, (h_states - c).abs(), h_states * c], dim=2)
    return torch.where(h_mask.unsqueeze(2), compared, 0).mean(dim=1), weights


# %% wrong="attention_entailment" name="no absolute value" says="The differences keep their signs, and cancel in the mean. Take the absolute value for each word."
def attention_entailment(p_states, h_states, p_mask, h_mask):
    scores = h_states @ p_states.transpose(1, 2) / p_states.shape[2] ** 0.5
    weights = scores.masked_fill(~p_mask.unsqueeze(1), float("-inf")).softmax(dim=2)
    c = weights @ p_states
    compared = torch.cat([h_states, c, h_states - c, h_states * c], dim=2)
    real = h_mask.unsqueeze(2)
    return torch.where(real, compared, 0).sum(dim=1) / real.sum(dim=1), weights


# %% wrong="attention_entailment" name="means first, then compared" says="The means are taken first and compared then, as in pair_features. Each word is to be compared with its own c, and the mean comes at the end."
def attention_entailment(p_states, h_states, p_mask, h_mask):
    scores = h_states @ p_states.transpose(1, 2) / p_states.shape[2] ** 0.5
    weights = scores.masked_fill(~p_mask.unsqueeze(1), float("-inf")).softmax(dim=2)
    real = h_mask.unsqueeze(2)
    h, c = (torch.where(real, x, 0).sum(dim=1) / real.sum(dim=1) for x in (h_states, weights @ p_states))
    return torch.cat([h, c, (h - c).abs(), h * c], dim=1), weights


# %% wrong="attention_entailment" name="c before h" says="The first two parts are exchanged: the state of the word itself comes first, then what it has found."
def attention_entailment(p_states, h_states, p_mask, h_mask):
    scores = h_states @ p_states.transpose(1, 2) / p_states.shape[2] ** 0.5
    weights = scores.masked_fill(~p_mask.unsqueeze(1), float("-inf")).softmax(dim=2)
    c = weights @ p_states
    compared = torch.cat([c, h_states, (h_states - c).abs(), h_states * c], dim=2)
    real = h_mask.unsqueeze(2)
    return torch.where(real, compared, 0).sum(dim=1) / real.sum(dim=1), weights


# %% wrong="attention_entailment" name="product before distance" says="The third and the fourth part are exchanged: first the distance, then the product."
def attention_entailment(p_states, h_states, p_mask, h_mask):
    scores = h_states @ p_states.transpose(1, 2) / p_states.shape[2] ** 0.5
    weights = scores.masked_fill(~p_mask.unsqueeze(1), float("-inf")).softmax(dim=2)
    c = weights @ p_states
    compared = torch.cat([h_states, c, h_states * c, (h_states - c).abs()], dim=2)
    real = h_mask.unsqueeze(2)
    return torch.where(real, compared, 0).sum(dim=1) / real.sum(dim=1), weights


# %% wrong="attention_entailment" name="weights detached" says="The weights are cut off before the weighted sum: where a word looks cannot be learned."
def attention_entailment(p_states, h_states, p_mask, h_mask):
    scores = h_states @ p_states.transpose(1, 2) / p_states.shape[2] ** 0.5
    weights = scores.masked_fill(~p_mask.unsqueeze(1), float("-inf")).softmax(dim=2)
    c = weights.detach() @ p_states
    compared = torch.cat([h_states, c, (h_states - c).abs(), h_states * c], dim=2)
    real = h_mask.unsqueeze(2)
    return torch.where(real, compared, 0).sum(dim=1) / real.sum(dim=1), weights


# %% wrong="attention_entailment" name="premise detached" says="What was found is cut off from the graph: no gradient reaches the states of the premise."
def attention_entailment(p_states, h_states, p_mask, h_mask):
    scores = h_states @ p_states.transpose(1, 2) / p_states.shape[2] ** 0.5
    weights = scores.masked_fill(~p_mask.unsqueeze(1), float("-inf")).softmax(dim=2)
    c = (weights @ p_states).detach()
    compared = torch.cat([h_states, c, (h_states - c).abs(), h_states * c], dim=2)
    real = h_mask.unsqueeze(2)
    return torch.where(real, compared, 0).sum(dim=1) / real.sum(dim=1), weights


# %% wrong="attention_entailment" name="first word only" says="Only the first word of h is compared. Asked for is the mean over all words of h."
def attention_entailment(p_states, h_states, p_mask, h_mask):
    scores = h_states @ p_states.transpose(1, 2) / p_states.shape[2] ** 0.5
    weights = scores.masked_fill(~p_mask.unsqueeze(1), float("-inf")).softmax(dim=2)
    c = weights @ p_states
    compared = torch.cat([h_states, c, (h_states - c).abs(), h_states * c], dim=2)
    return compared[:, 0], weights


# %% wrong="attention_entailment" name="max over the words" says="The largest number over the words of h is taken. Asked for is the mean."
def attention_entailment(p_states, h_states, p_mask, h_mask):
    scores = h_states @ p_states.transpose(1, 2) / p_states.shape[2] ** 0.5
    weights = scores.masked_fill(~p_mask.unsqueeze(1), float("-inf")).softmax(dim=2)
    c = weights @ p_states
    compared = torch.cat([h_states, c, (h_states - c).abs(), h_states * c], dim=2)
    return compared.masked_fill(~h_mask.unsqueeze(2), float("-inf")).amax(dim=1), weights


# %% wrong="attention_entailment" name="sum of scores" says="The weights are right, but c is made with the scores: the softmax comes too late for it."
def attention_entailment(p_states, h_states, p_mask, h_mask):
    scores = h_states @ p_states.transpose(1, 2) / p_states.shape[2] ** 0.5
    weights = scores.masked_fill(~p_mask.unsqueeze(1), float("-inf")).softmax(dim=2)
    c = scores.masked_fill(~p_mask.unsqueeze(1), 0) @ p_states
    compared = torch.cat([h_states, c, (h_states - c).abs(), h_states * c], dim=2)
    real = h_mask.unsqueeze(2)
    return torch.where(real, compared, 0).sum(dim=1) / real.sum(dim=1), weights


# %% wrong="attention_entailment" name="exp without the maximum" says="exp of a large score is infinite, and inf / inf is NaN. torch.softmax takes the largest score away first."
def attention_entailment(p_states, h_states, p_mask, h_mask):
    scores = h_states @ p_states.transpose(1, 2) / p_states.shape[2] ** 0.5
    powers = torch.where(p_mask.unsqueeze(1), scores, float("-inf")).exp()
    weights = powers / powers.sum(dim=2, keepdim=True)
    c = weights @ p_states
    compared = torch.cat([h_states, c, (h_states - c).abs(), h_states * c], dim=2)
    real = h_mask.unsqueeze(2)
    return torch.where(real, compared, 0).sum(dim=1) / real.sum(dim=1), weights


# %% wrong="attention_entailment" name="one maximum for the batch" says="The largest score of the whole batch is taken away before exp. For other words all powers are then 0, and 0 / 0 is NaN: each word of h needs its own maximum."
def attention_entailment(p_states, h_states, p_mask, h_mask):
    scores = h_states @ p_states.transpose(1, 2) / p_states.shape[2] ** 0.5
    scores = scores.masked_fill(~p_mask.unsqueeze(1), float("-inf"))
    powers = (scores - scores.max()).exp()
    weights = powers / powers.sum(dim=2, keepdim=True)
    c = weights @ p_states
    compared = torch.cat([h_states, c, (h_states - c).abs(), h_states * c], dim=2)
    real = h_mask.unsqueeze(2)
    return torch.where(real, compared, 0).sum(dim=1) / real.sum(dim=1), weights


# %% wrong="attention_entailment" name="states changed in place" says="The states of h are divided in place: the caller's tensor has changed, and the comparison uses the changed one."
def attention_entailment(p_states, h_states, p_mask, h_mask):
    with torch.no_grad():
        h_states /= p_states.shape[2] ** 0.5
    weights = (h_states @ p_states.transpose(1, 2)).masked_fill(~p_mask.unsqueeze(1), float("-inf")).softmax(dim=2)
    c = weights @ p_states
    compared = torch.cat([h_states, c, (h_states - c).abs(), h_states * c], dim=2)
    real = h_mask.unsqueeze(2)
    return torch.where(real, compared, 0).sum(dim=1) / real.sum(dim=1), weights


# %% wrong="attention_entailment" name="zeros written at the pads" says="Zeros are written into the caller's states at the pads. Make new tensors: the caller still needs the old ones."
def attention_entailment(p_states, h_states, p_mask, h_mask):
    with torch.no_grad():
        p_states[~p_mask] = 0
        h_states[~h_mask] = 0
    scores = h_states @ p_states.transpose(1, 2) / p_states.shape[2] ** 0.5
    weights = scores.masked_fill(~p_mask.unsqueeze(1), float("-inf")).softmax(dim=2)
    c = weights @ p_states
    compared = torch.cat([h_states, c, (h_states - c).abs(), h_states * c], dim=2)
    real = h_mask.unsqueeze(2)
    return torch.where(real, compared, 0).sum(dim=1) / real.sum(dim=1), weights


# %% [markdown]
# The answer catalogue of part A: right answers that look different, and wrong answers that students give.

# %% [markdown]
# ## mask_tokens


# %% right="mask_tokens" name="one number divided into parts"
def mask_tokens(ids, p, generator):
    u = torch.rand(ids.shape, generator=generator, dtype=torch.float64)
    word = ids >= SPECIALS
    chosen = word & (u < p)
    x = ids.clone()
    x[word & (u < 0.8 * p)] = MASK
    swapped = word & (u >= 0.8 * p) & (u < 0.9 * p)
    x[swapped] = torch.randint(SPECIALS, MASK, (int(swapped.sum()),), generator=generator)
    return x, chosen


# %% right="mask_tokens" name="bernoulli three times"
def mask_tokens(ids, p, generator):
    real = ids.ge(SPECIALS)
    chosen = torch.bernoulli(torch.full(ids.shape, float(p)), generator=generator).bool().logical_and(real)
    masked = torch.bernoulli(torch.full(ids.shape, 0.8), generator=generator).bool() & chosen
    swapped = torch.bernoulli(torch.full(ids.shape, 0.5), generator=generator).bool() & chosen & ~masked
    x = ids.masked_fill(masked, MASK)
    words = torch.randint(low=SPECIALS, high=MASK, size=ids.shape, generator=generator)
    return torch.where(swapped, words, x), chosen


# %% right="mask_tokens" name="place by place"
def mask_tokens(ids, p, generator):
    def draw():
        return torch.rand((), generator=generator).item()

    rows, marks = [], []
    for row in ids.tolist():
        rows.append([])
        marks.append([])
        for word in row:
            hit = word >= SPECIALS and draw() < p
            marks[-1].append(hit)
            if hit:
                way = draw()
                if way < 0.8:
                    word = MASK
                elif way < 0.9:
                    word = SPECIALS + int(draw() * (MASK - SPECIALS))
            rows[-1].append(word)
    return torch.tensor(rows), torch.tensor(marks)


# %% right="mask_tokens" name="the way by multinomial"
def mask_tokens(ids, p, generator):
    chosen = torch.empty(ids.shape).uniform_(generator=generator) < p
    chosen &= ids > 2
    way = torch.multinomial(torch.tensor([0.1, 0.8, 0.1]), ids.numel(), replacement=True, generator=generator)
    way = way.view(ids.shape)
    x = ids.clone()
    x[chosen & (way == 1)] = MASK
    n = (chosen & (way == 2)).sum().item()
    x[chosen & (way == 2)] = torch.randint(SPECIALS, len(WORDS) - 1, (n,), generator=generator)
    return x, chosen


# %% right="mask_tokens" name="only the chosen places draw"
def mask_tokens(ids, p, generator):
    words = ids.flatten()
    candidates = (words >= SPECIALS).nonzero().squeeze(1)
    candidates = candidates[torch.rand(len(candidates), generator=generator) < p]
    tenth = torch.randint(0, 10, (len(candidates),), generator=generator)
    random_words = torch.randint(SPECIALS, MASK, (len(candidates),), generator=generator)
    new = torch.where(tenth < 8, torch.full_like(random_words, MASK), words[candidates])
    new = torch.where(tenth == 8, random_words, new)
    x = words.clone()
    x[candidates] = new
    chosen = torch.zeros(words.shape, dtype=torch.bool)
    chosen[candidates] = True
    return x.view(ids.shape), chosen.view(ids.shape)


# %% wrong="mask_tokens" name="80 % of all places" says="Eighty percent of all places become MASK, and not eighty percent of the chosen ones."
def mask_tokens(ids, p, generator):
    chosen = (torch.rand(ids.shape, generator=generator) < p) & (ids >= SPECIALS)
    way = torch.rand(ids.shape, generator=generator)
    other = torch.randint(SPECIALS, MASK, ids.shape, generator=generator)
    x = torch.where((ids >= SPECIALS) & (way < 0.8), MASK, ids)
    return torch.where(chosen & (way >= 0.9), other, x), chosen


# %% wrong="mask_tokens" name="80/10/10 of all words" says="The three ways are drawn for all words, and chosen plays no part in what they hold."
def mask_tokens(ids, p, generator):
    chosen = (torch.rand(ids.shape, generator=generator) < p) & (ids >= SPECIALS)
    way = torch.rand(ids.shape, generator=generator)
    other = torch.randint(SPECIALS, MASK, ids.shape, generator=generator)
    x = torch.where((ids >= SPECIALS) & (way < 0.8), MASK, ids)
    return torch.where((ids >= SPECIALS) & (way >= 0.9), other, x), chosen


# %% wrong="mask_tokens" name="kept ones are not chosen" says="chosen is where x differs from ids, so the chosen words that stay are left out. They are asked for, too."
def mask_tokens(ids, p, generator):
    chosen = (torch.rand(ids.shape, generator=generator) < p) & (ids >= SPECIALS)
    way = torch.rand(ids.shape, generator=generator)
    other = torch.randint(SPECIALS, MASK, ids.shape, generator=generator)
    x = torch.where(chosen & (way < 0.8), MASK, ids)
    x = torch.where(chosen & (way >= 0.9), other, x)
    return x, x != ids


# %% wrong="mask_tokens" name="only MASK is chosen" says="chosen is where x holds MASK. The random words and those that stay are chosen, too."
def mask_tokens(ids, p, generator):
    chosen = (torch.rand(ids.shape, generator=generator) < p) & (ids >= SPECIALS)
    way = torch.rand(ids.shape, generator=generator)
    other = torch.randint(SPECIALS, MASK, ids.shape, generator=generator)
    x = torch.where(chosen & (way < 0.8), MASK, ids)
    x = torch.where(chosen & (way >= 0.9), other, x)
    return x, x == MASK


# %% wrong="mask_tokens" name="all MASK" says="All chosen places become MASK. Ten percent get a random word, and ten percent stay."
def mask_tokens(ids, p, generator):
    chosen = (torch.rand(ids.shape, generator=generator) < p) & (ids >= SPECIALS)
    way = torch.rand(ids.shape, generator=generator)
    other = torch.randint(SPECIALS, MASK, ids.shape, generator=generator)
    x = torch.where(chosen & (way < 0.8), MASK, ids)
    return torch.where(chosen, MASK, ids), chosen


# %% wrong="mask_tokens" name="nothing stays" says="Twenty percent get a random word, and none stays as it was."
def mask_tokens(ids, p, generator):
    chosen = (torch.rand(ids.shape, generator=generator) < p) & (ids >= SPECIALS)
    way = torch.rand(ids.shape, generator=generator)
    other = torch.randint(SPECIALS, MASK, ids.shape, generator=generator)
    x = torch.where(chosen & (way < 0.8), MASK, ids)
    return torch.where(chosen & (way >= 0.8), other, x), chosen


# %% wrong="mask_tokens" name="no random word" says="No place gets a random word: twenty percent stay as they were."
def mask_tokens(ids, p, generator):
    chosen = (torch.rand(ids.shape, generator=generator) < p) & (ids >= SPECIALS)
    way = torch.rand(ids.shape, generator=generator)
    other = torch.randint(SPECIALS, MASK, ids.shape, generator=generator)
    x = torch.where(chosen & (way < 0.8), MASK, ids)
    return x, chosen


# %% wrong="mask_tokens" name="90 % MASK" says="Ninety percent of the chosen places become MASK, in place of eighty."
def mask_tokens(ids, p, generator):
    chosen = (torch.rand(ids.shape, generator=generator) < p) & (ids >= SPECIALS)
    way = torch.rand(ids.shape, generator=generator)
    other = torch.randint(SPECIALS, MASK, ids.shape, generator=generator)
    x = torch.where(chosen & (way < 0.9), MASK, ids)
    return torch.where(chosen & (way >= 0.9), other, x), chosen


# %% wrong="mask_tokens" name="the same number twice" says="The number that chose the place also says what it becomes: for small p it is always below 0.8, so all become MASK."
def mask_tokens(ids, p, generator):
    way = torch.rand(ids.shape, generator=generator)
    chosen = (way < p) & (ids >= SPECIALS)
    other = torch.randint(SPECIALS, MASK, ids.shape, generator=generator)
    x = torch.where(chosen & (way < 0.8), MASK, ids)
    return torch.where(chosen & (way >= 0.9), other, x), chosen


# %% wrong="mask_tokens" name="pads and ends chosen" says="Pads, starts and ends are chosen as well."
def mask_tokens(ids, p, generator):
    chosen = (torch.rand(ids.shape, generator=generator) < p)
    way = torch.rand(ids.shape, generator=generator)
    other = torch.randint(SPECIALS, MASK, ids.shape, generator=generator)
    x = torch.where(chosen & (way < 0.8), MASK, ids)
    return torch.where(chosen & (way >= 0.9), other, x), chosen


# %% wrong="mask_tokens" name="only pads left out" says="Only pads are left out, and ends and starts are chosen. No id below SPECIALS is a word."
def mask_tokens(ids, p, generator):
    chosen = (torch.rand(ids.shape, generator=generator) < p) & (ids != 0)
    way = torch.rand(ids.shape, generator=generator)
    other = torch.randint(SPECIALS, MASK, ids.shape, generator=generator)
    x = torch.where(chosen & (way < 0.8), MASK, ids)
    return torch.where(chosen & (way >= 0.9), other, x), chosen


# %% wrong="mask_tokens" name="ends chosen" says="Pads and starts are left out, but E is chosen. No id below SPECIALS is a word."
def mask_tokens(ids, p, generator):
    chosen = (torch.rand(ids.shape, generator=generator) < p) & (ids >= E)
    way = torch.rand(ids.shape, generator=generator)
    other = torch.randint(SPECIALS, MASK, ids.shape, generator=generator)
    x = torch.where(chosen & (way < 0.8), MASK, ids)
    return torch.where(chosen & (way >= 0.9), other, x), chosen


# %% wrong="mask_tokens" name="word 3 never chosen" says="The id SPECIALS itself is a word, and is never chosen here."
def mask_tokens(ids, p, generator):
    chosen = (torch.rand(ids.shape, generator=generator) < p) & (ids > SPECIALS)
    way = torch.rand(ids.shape, generator=generator)
    other = torch.randint(SPECIALS, MASK, ids.shape, generator=generator)
    x = torch.where(chosen & (way < 0.8), MASK, ids)
    return torch.where(chosen & (way >= 0.9), other, x), chosen


# %% wrong="mask_tokens" name="specials as random words" says="Random words are drawn from 0 on: pads, starts and ends are among them."
def mask_tokens(ids, p, generator):
    chosen = (torch.rand(ids.shape, generator=generator) < p) & (ids >= SPECIALS)
    way = torch.rand(ids.shape, generator=generator)
    other = torch.randint(0, MASK, ids.shape, generator=generator)
    x = torch.where(chosen & (way < 0.8), MASK, ids)
    return torch.where(chosen & (way >= 0.9), other, x), chosen


# %% wrong="mask_tokens" name="MASK as a random word" says="Random words are drawn up to MASK itself. The upper bound of randint is not drawn: MASK as the bound is enough."
def mask_tokens(ids, p, generator):
    chosen = (torch.rand(ids.shape, generator=generator) < p) & (ids >= SPECIALS)
    way = torch.rand(ids.shape, generator=generator)
    other = torch.randint(SPECIALS, MASK + 1, ids.shape, generator=generator)
    x = torch.where(chosen & (way < 0.8), MASK, ids)
    return torch.where(chosen & (way >= 0.9), other, x), chosen


# %% wrong="mask_tokens" name="all ids as random words" says="Random words are drawn from the whole vocabulary, with pads, ends and MASK."
def mask_tokens(ids, p, generator):
    chosen = (torch.rand(ids.shape, generator=generator) < p) & (ids >= SPECIALS)
    way = torch.rand(ids.shape, generator=generator)
    other = torch.randint(len(WORDS), ids.shape, generator=generator)
    x = torch.where(chosen & (way < 0.8), MASK, ids)
    return torch.where(chosen & (way >= 0.9), other, x), chosen


# %% wrong="mask_tokens" name="one random word for each row" says="One random word is drawn for each row. Each place draws its own."
def mask_tokens(ids, p, generator):
    chosen = (torch.rand(ids.shape, generator=generator) < p) & (ids >= SPECIALS)
    way = torch.rand(ids.shape, generator=generator)
    other = torch.randint(SPECIALS, MASK, (len(ids), 1), generator=generator).expand(ids.shape)
    x = torch.where(chosen & (way < 0.8), MASK, ids)
    return torch.where(chosen & (way >= 0.9), other, x), chosen


# %% wrong="mask_tokens" name="rows chosen together" says="One number is drawn for a whole row: all its words are chosen together, or none."
def mask_tokens(ids, p, generator):
    chosen = (torch.rand(len(ids), 1, generator=generator) < p) & (ids >= SPECIALS)
    way = torch.rand(ids.shape, generator=generator)
    other = torch.randint(SPECIALS, MASK, ids.shape, generator=generator)
    x = torch.where(chosen & (way < 0.8), MASK, ids)
    return torch.where(chosen & (way >= 0.9), other, x), chosen


# %% wrong="mask_tokens" name="the same places in all rows" says="One number is drawn for each place of a row, and all rows use it: the same places are chosen everywhere."
def mask_tokens(ids, p, generator):
    chosen = (torch.rand(ids.shape[1], generator=generator) < p) & (ids >= SPECIALS)
    way = torch.rand(ids.shape, generator=generator)
    other = torch.randint(SPECIALS, MASK, ids.shape, generator=generator)
    x = torch.where(chosen & (way < 0.8), MASK, ids)
    return torch.where(chosen & (way >= 0.9), other, x), chosen


# %% wrong="mask_tokens" name="exactly p of the batch" says="Exactly the share p of all words is chosen. Each word is to be drawn by itself, so the number varies."
def mask_tokens(ids, p, generator):
    places = (ids.flatten() >= SPECIALS).nonzero().squeeze(1)
    places = places[torch.randperm(len(places), generator=generator)[: round(p * len(places))]]
    chosen = torch.zeros(ids.numel(), dtype=torch.bool)
    chosen[places] = True
    chosen = chosen.view(ids.shape)
    way = torch.rand(ids.shape, generator=generator)
    other = torch.randint(SPECIALS, MASK, ids.shape, generator=generator)
    x = torch.where(chosen & (way < 0.8), MASK, ids)
    return torch.where(chosen & (way >= 0.9), other, x), chosen


# %% wrong="mask_tokens" name="exactly p of each row" says="Of each row exactly the share p is chosen. Each word is to be drawn by itself, so the number varies."
def mask_tokens(ids, p, generator):
    chosen = torch.zeros(ids.shape, dtype=torch.bool)
    for b in range(len(ids)):
        words = (ids[b] >= SPECIALS).nonzero().squeeze(1)
        chosen[b, words[torch.randperm(len(words), generator=generator)[: round(p * len(words))]]] = True
    way = torch.rand(ids.shape, generator=generator)
    other = torch.randint(SPECIALS, MASK, ids.shape, generator=generator)
    x = torch.where(chosen & (way < 0.8), MASK, ids)
    return torch.where(chosen & (way >= 0.9), other, x), chosen


# %% wrong="mask_tokens" name="exactly 80 % MASK" says="Of the chosen places exactly eighty percent become MASK. Each place is to draw by itself, so the number varies."
def mask_tokens(ids, p, generator):
    chosen = (torch.rand(ids.shape, generator=generator) < p) & (ids >= SPECIALS)
    places = chosen.flatten().nonzero().squeeze(1)
    places = places[torch.randperm(len(places), generator=generator)]
    n, tenth = len(places), round(0.1 * len(places))
    x = ids.flatten().clone()
    x[places[: n - 2 * tenth]] = MASK
    x[places[n - tenth :]] = torch.randint(SPECIALS, MASK, (tenth,), generator=generator)
    return x.view(ids.shape), chosen


# %% wrong="mask_tokens" name="1 - p" says="Each word is chosen with the probability 1 - p."
def mask_tokens(ids, p, generator):
    chosen = (torch.rand(ids.shape, generator=generator) > p) & (ids >= SPECIALS)
    way = torch.rand(ids.shape, generator=generator)
    other = torch.randint(SPECIALS, MASK, ids.shape, generator=generator)
    x = torch.where(chosen & (way < 0.8), MASK, ids)
    return torch.where(chosen & (way >= 0.9), other, x), chosen


# %% wrong="mask_tokens" name="no generator" says="The generator is not used: all random numbers come from the global state of torch."
def mask_tokens(ids, p, generator):
    chosen = (torch.rand(ids.shape) < p) & (ids >= SPECIALS)
    way = torch.rand(ids.shape)
    other = torch.randint(SPECIALS, MASK, ids.shape)
    x = torch.where(chosen & (way < 0.8), MASK, ids)
    return torch.where(chosen & (way >= 0.9), other, x), chosen


# %% wrong="mask_tokens" name="the choice without the generator" says="Which words are chosen comes from the global random numbers, and not from the generator."
def mask_tokens(ids, p, generator):
    chosen = (torch.rand(ids.shape) < p) & (ids >= SPECIALS)
    way = torch.rand(ids.shape, generator=generator)
    other = torch.randint(SPECIALS, MASK, ids.shape, generator=generator)
    x = torch.where(chosen & (way < 0.8), MASK, ids)
    return torch.where(chosen & (way >= 0.9), other, x), chosen


# %% wrong="mask_tokens" name="the way without the generator" says="What becomes of the chosen words comes from the global random numbers, and not from the generator."
def mask_tokens(ids, p, generator):
    chosen = (torch.rand(ids.shape, generator=generator) < p) & (ids >= SPECIALS)
    way = torch.rand(ids.shape)
    other = torch.randint(SPECIALS, MASK, ids.shape, generator=generator)
    x = torch.where(chosen & (way < 0.8), MASK, ids)
    return torch.where(chosen & (way >= 0.9), other, x), chosen


# %% wrong="mask_tokens" name="random words without the generator" says="The random words come from the global random numbers, and not from the generator."
def mask_tokens(ids, p, generator):
    chosen = (torch.rand(ids.shape, generator=generator) < p) & (ids >= SPECIALS)
    way = torch.rand(ids.shape, generator=generator)
    other = torch.randint(SPECIALS, MASK, ids.shape)
    x = torch.where(chosen & (way < 0.8), MASK, ids)
    return torch.where(chosen & (way >= 0.9), other, x), chosen


# %% wrong="mask_tokens" name="the generator seeded" says="The generator is seeded inside: every call hides the same places, and the caller cannot choose others."
def mask_tokens(ids, p, generator):
    generator.manual_seed(0)
    chosen = (torch.rand(ids.shape, generator=generator) < p) & (ids >= SPECIALS)
    way = torch.rand(ids.shape, generator=generator)
    other = torch.randint(SPECIALS, MASK, ids.shape, generator=generator)
    x = torch.where(chosen & (way < 0.8), MASK, ids)
    return torch.where(chosen & (way >= 0.9), other, x), chosen


# %% wrong="mask_tokens" name="view" says="view needs a certain order in memory. ids of other strides stop with an error: use reshape, or no flattening at all."
def mask_tokens(ids, p, generator):
    ids = ids.view(-1).view(ids.shape)
    chosen = (torch.rand(ids.shape, generator=generator) < p) & (ids >= SPECIALS)
    way = torch.rand(ids.shape, generator=generator)
    other = torch.randint(SPECIALS, MASK, ids.shape, generator=generator)
    x = torch.where(chosen & (way < 0.8), MASK, ids)
    return torch.where(chosen & (way >= 0.9), other, x), chosen


# %% [markdown]
# ## masked_lm_loss


# %% right="masked_lm_loss" name="gather of log_softmax"
def masked_lm_loss(logits, ids, chosen):
    logs = torch.log_softmax(logits, dim=-1).gather(2, ids.unsqueeze(-1)).squeeze(-1)
    return -logs[chosen].sum() / max(int(chosen.sum()), 1)


# %% right="masked_lm_loss" name="all places, zeros where not chosen"
def masked_lm_loss(logits, ids, chosen):
    losses = F.cross_entropy(logits.transpose(1, 2), ids, reduction="none")
    return torch.where(chosen, losses, torch.zeros_like(losses)).sum() / chosen.sum().clamp(min=1)


# %% right="masked_lm_loss" name="ignored targets"
def masked_lm_loss(logits, ids, chosen):
    targets = ids.masked_fill(~chosen, -100)
    if not chosen.any():
        return (logits * 0).sum()
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=-100)


# %% right="masked_lm_loss" name="the logarithm of the sum by hand"
def masked_lm_loss(logits, ids, chosen):
    rows, words = logits[chosen], ids[chosen]
    if len(words) == 0:
        return rows.sum()
    true = rows[torch.arange(len(words)), words]
    return (torch.logsumexp(rows, dim=1) - true).mean()


# %% wrong="masked_lm_loss" name="all places" says="All places count, and not only the chosen ones: most of the loss is then about words that the network can see."
def masked_lm_loss(logits, ids, chosen):
    total = F.cross_entropy(logits.flatten(0, 1), ids.flatten(), reduction="sum")
    return total / chosen.numel()


# %% wrong="masked_lm_loss" name="divided by all places" says="The sum over the chosen places is divided by the number of all places."
def masked_lm_loss(logits, ids, chosen):
    total = F.cross_entropy(logits[chosen], ids[chosen], reduction="sum")
    return total / chosen.numel()


# %% wrong="masked_lm_loss" name="all places, divided by the chosen ones" says="All places are summed, and divided by the number of chosen ones."
def masked_lm_loss(logits, ids, chosen):
    total = F.cross_entropy(logits.flatten(0, 1), ids.flatten(), reduction="sum")
    return total / chosen.sum().clamp(min=1)


# %% wrong="masked_lm_loss" name="sum" says="The costs are summed. The loss is their mean."
def masked_lm_loss(logits, ids, chosen):
    total = F.cross_entropy(logits[chosen], ids[chosen], reduction="sum")
    return total


# %% wrong="masked_lm_loss" name="divided by the rows" says="The sum is divided by the number of rows. Divide by the number of chosen places."
def masked_lm_loss(logits, ids, chosen):
    total = F.cross_entropy(logits[chosen], ids[chosen], reduction="sum")
    return total / len(ids)


# %% wrong="masked_lm_loss" name="mean of the rows" says="A mean is taken for each row, and then the mean of these. A word in a row with few chosen ones counts too much."
def masked_lm_loss(logits, ids, chosen):
    losses = F.cross_entropy(logits.transpose(1, 2), ids, reduction="none")
    rows = torch.where(chosen, losses, 0).sum(dim=1) / chosen.sum(dim=1).clamp(min=1)
    return rows.sum() / chosen.any(dim=1).sum().clamp(min=1)


# %% wrong="masked_lm_loss" name="a loss for each place" says="One number for each place comes back. The loss is their mean."
def masked_lm_loss(logits, ids, chosen):
    return F.cross_entropy(logits[chosen], ids[chosen], reduction="none")


# %% wrong="masked_lm_loss" name="NaN without chosen places" says="Where no place is chosen, 0 / 0 gives NaN."
def masked_lm_loss(logits, ids, chosen):
    return F.cross_entropy(logits[chosen], ids[chosen])


# %% wrong="masked_lm_loss" name="a number without history" says="Where no place is chosen, a new tensor comes back that has no history: backward() stops with an error."
def masked_lm_loss(logits, ids, chosen):
    if not chosen.any():
        return torch.tensor(0.0)
    return F.cross_entropy(logits[chosen], ids[chosen])


# %% wrong="masked_lm_loss" name="one added to the number" says="The number of chosen places is made one larger, so that it is never 0. Then every mean is too small."
def masked_lm_loss(logits, ids, chosen):
    total = F.cross_entropy(logits[chosen], ids[chosen], reduction="sum")
    return total / (chosen.sum() + 1)


# %% wrong="masked_lm_loss" name="at least two" says="The sum is divided by 2 or more: with one chosen place, the loss is half of what it should be."
def masked_lm_loss(logits, ids, chosen):
    total = F.cross_entropy(logits[chosen], ids[chosen], reduction="sum")
    return total / chosen.sum().clamp(min=2)


# %% wrong="masked_lm_loss" name="the others" says="chosen is turned round: the places that were not chosen count."
def masked_lm_loss(logits, ids, chosen):
    total = F.cross_entropy(logits[~chosen], ids[~chosen], reduction="sum")
    return total / (~chosen).sum().clamp(min=1)


# %% wrong="masked_lm_loss" name="log of softmax" says="The logarithm of the softmax is taken in two steps: a small probability becomes 0, and log 0 is infinite."
def masked_lm_loss(logits, ids, chosen):
    total = F.nll_loss(torch.softmax(logits[chosen], dim=1).log(), ids[chosen], reduction="sum")
    return total / chosen.sum().clamp(min=1)


# %% wrong="masked_lm_loss" name="a small number in the log" says="A small number is added before the logarithm: a very wrong answer then costs at most about 18, and its gradient is lost."
def masked_lm_loss(logits, ids, chosen):
    total = F.nll_loss((torch.softmax(logits[chosen], dim=1) + 1e-8).log(), ids[chosen], reduction="sum")
    return total / chosen.sum().clamp(min=1)


# %% wrong="masked_lm_loss" name="exp without care" says="The softmax is written with exp, and exp of a large logit is infinite."
def masked_lm_loss(logits, ids, chosen):
    total = -(logits[chosen].exp() / logits[chosen].exp().sum(dim=1, keepdim=True)).log().gather(1, ids[chosen].unsqueeze(1)).sum()
    return total / chosen.sum().clamp(min=1)


# %% wrong="masked_lm_loss" name="softmax twice" says="A softmax stands before cross_entropy, which has one inside: it takes the logits."
def masked_lm_loss(logits, ids, chosen):
    total = F.cross_entropy(torch.softmax(logits[chosen], dim=1), ids[chosen], reduction="sum")
    return total / chosen.sum().clamp(min=1)


# %% wrong="masked_lm_loss" name="no softmax" says="There is no softmax: the logit itself is taken for the log-probability."
def masked_lm_loss(logits, ids, chosen):
    total = F.nll_loss(logits[chosen], ids[chosen], reduction="sum")
    return total / chosen.sum().clamp(min=1)


# %% wrong="masked_lm_loss" name="the sign" says="The sign is wrong: the loss is minus the log-probability."
def masked_lm_loss(logits, ids, chosen):
    total = F.cross_entropy(logits[chosen], ids[chosen], reduction="sum")
    return -total / chosen.sum().clamp(min=1)


# %% wrong="masked_lm_loss" name="probability" says="One minus the probability is taken, and not minus its logarithm."
def masked_lm_loss(logits, ids, chosen):
    total = (1 - torch.softmax(logits[chosen], dim=1).gather(1, ids[chosen].unsqueeze(1))).sum()
    return total / chosen.sum().clamp(min=1)


# %% wrong="masked_lm_loss" name="bits" says="The loss is given in bits (logarithm to the base 2). It is to be in nats."
def masked_lm_loss(logits, ids, chosen):
    total = F.cross_entropy(logits[chosen], ids[chosen], reduction="sum")
    return total / 0.6931471805599453 / chosen.sum().clamp(min=1)


# %% wrong="masked_lm_loss" name="softmax over the places" says="The softmax goes over the places of a row, and not over the vocabulary."
def masked_lm_loss(logits, ids, chosen):
    logs = torch.log_softmax(logits, dim=1).gather(2, ids.unsqueeze(2)).squeeze(2)
    return -logs[chosen].sum() / chosen.sum().clamp(min=1)


# %% wrong="masked_lm_loss" name="softmax over the batch" says="The softmax goes over the rows of the batch, and not over the vocabulary."
def masked_lm_loss(logits, ids, chosen):
    logs = torch.log_softmax(logits, dim=0).gather(2, ids.unsqueeze(2)).squeeze(2)
    return -logs[chosen].sum() / chosen.sum().clamp(min=1)


# %% wrong="masked_lm_loss" name="MASK ignored" says="The word of id MASK is ignored. chosen alone says which places count."
def masked_lm_loss(logits, ids, chosen):
    total = F.cross_entropy(logits[chosen], ids[chosen], reduction="sum", ignore_index=MASK)
    return total / chosen.sum().clamp(min=1)


# %% wrong="masked_lm_loss" name="detached" says="The logits are detached: no gradient reaches them."
def masked_lm_loss(logits, ids, chosen):
    total = F.cross_entropy(logits.detach()[chosen], ids[chosen], reduction="sum")
    return total / chosen.sum().clamp(min=1)


# %% wrong="masked_lm_loss" name="float32" says="The logits are made float32: float64 loses its digits."
def masked_lm_loss(logits, ids, chosen):
    total = F.cross_entropy(logits.float()[chosen], ids[chosen], reduction="sum")
    return total / chosen.sum().clamp(min=1)


# %% wrong="masked_lm_loss" name="view" says="view needs a certain order in memory. Logits of other strides stop with an error: use flatten or reshape."
def masked_lm_loss(logits, ids, chosen):
    B, T, V = logits.shape
    here = chosen.view(B * T)
    total = F.cross_entropy(logits.view(B * T, V)[here], ids.view(B * T)[here], reduction="sum")
    return total / chosen.sum().clamp(min=1)


# %% wrong="masked_lm_loss" name="ids changed" says="The places that are not chosen are marked in ids itself: the true words are lost. masked_fill without _ makes a new tensor."
def masked_lm_loss(logits, ids, chosen):
    ids[~chosen] = -100
    return F.cross_entropy(logits.transpose(1, 2), ids, reduction="sum") / chosen.sum().clamp(min=1)


# %% wrong="masked_lm_loss" name="logits zeroed" says="The logits of the other places are made 0, but these places still count: each costs log V."
def masked_lm_loss(logits, ids, chosen):
    logits = torch.where(chosen.unsqueeze(2), logits, 0)
    return F.cross_entropy(logits.transpose(1, 2), ids, reduction="sum") / chosen.sum().clamp(min=1)


# %% wrong="masked_lm_loss" name="only the first place of a row" says="Only the first chosen place of each row counts."
def masked_lm_loss(logits, ids, chosen):
    chosen = chosen & (chosen.cumsum(dim=1) == 1)
    total = F.cross_entropy(logits[chosen], ids[chosen], reduction="sum")
    return total / chosen.sum().clamp(min=1)


# %% [markdown]
# ## own_word_score


# %% right="own_word_score" name="a loop, one row at a time"
def own_word_score(model, p, h):
    was = model.training
    model.eval()
    row = p.tolist() + [E] + h.tolist() + [E]
    segment = torch.tensor([[0] * (len(p) + 1) + [1] * (len(h) + 1)])
    total = 0.0
    for q, word in enumerate(h.tolist()):
        ids = torch.tensor([row])
        ids[0, len(p) + 1 + q] = MASK
        with torch.no_grad():
            logits = model(ids, segment, torch.ones(ids.shape, dtype=torch.bool))
        total += torch.log_softmax(logits[0, len(p) + 1 + q], dim=0)[word].item()
    if was:
        model.train()
    return total / len(h)


# %% right="own_word_score" name="a diagonal, and cross_entropy"
@torch.no_grad()
def own_word_score(model, p, h):
    Q = len(h)
    e = h.new_tensor([E])
    hidden = h.expand(Q, Q).clone().fill_diagonal_(MASK)
    left = torch.cat([p, e]).expand(Q, -1)
    ids = torch.cat([left, hidden, e.expand(Q, 1)], dim=1)
    segment = torch.cat([torch.zeros_like(left), torch.ones_like(ids[:, left.shape[1] :])], dim=1)
    mode = model.training
    try:
        logits = model.eval()(ids, segment, ids >= 0)
    finally:
        model.train(mode)
    asked = logits[:, len(p) + 1 : -1].diagonal(dim1=0, dim2=1).T
    return -F.cross_entropy(asked, h).item()


# %% right="own_word_score" name="a list of rows, and gather"
def own_word_score(model, p, h):
    training = model.training
    model.train(False)
    end = torch.full((1,), E)
    rows = []
    for q in range(h.numel()):
        masked = h.clone()
        masked[q] = MASK
        rows.append(torch.cat((p, end, masked, end)))
    ids = torch.stack(rows)
    segment = torch.zeros_like(ids)
    segment[:, p.numel() + 1 :] = 1
    with torch.no_grad():
        logs = F.log_softmax(model(ids, segment, torch.full_like(ids, True, dtype=torch.bool)), dim=-1)
    model.train(training)
    true = logs.gather(2, torch.cat((p, end, h, end)).expand(len(ids), -1).unsqueeze(2)).squeeze(2)
    return float(true[ids == MASK].mean())


# %% right="own_word_score" name="inference mode"
def own_word_score(model, p, h):
    P, Q, mode = p.shape[0], h.shape[0], model.training
    row = torch.cat([p, torch.tensor([E]), h, torch.tensor([E])])
    scores = []
    model.eval()
    with torch.inference_mode():
        for place in range(P + 1, P + 1 + Q):
            ids = row.clone()
            ids[place] = MASK
            segment = (torch.arange(P + Q + 2) > P).long()
            z = model(ids[None], segment[None], torch.ones(1, P + Q + 2).bool())[0, place]
            scores.append(z[row[place]] - z.logsumexp(dim=0))
    model.train(mode)
    return torch.stack(scores).mean().item()


# %% wrong="own_word_score" name="all words hidden at once" says="All words of h are hidden at once. Each is to be hidden by itself, while the others stand there."
def own_word_score(model, p, h):
    end = torch.tensor([E])
    row = torch.cat([p, end, h, end])
    Q, first = len(h), len(p) + 1
    places = torch.arange(first, first + Q)
    ids = row.repeat(Q, 1)
    ids[:, places] = MASK
    segment = (torch.arange(len(row)) >= first).long().repeat(Q, 1)
    before = model.training
    model.eval()
    with torch.no_grad():
        logits = model(ids, segment, torch.ones_like(ids, dtype=torch.bool))
    model.train(before)
    return logits[torch.arange(Q), places].log_softmax(dim=1)[torch.arange(Q), h].mean().item()


# %% wrong="own_word_score" name="words hidden one after the other" says="The hidden words stay hidden: in row q all words up to q are MASK. Start from a fresh row for each word."
def own_word_score(model, p, h):
    end = torch.tensor([E])
    row = torch.cat([p, end, h, end])
    Q, first = len(h), len(p) + 1
    places = torch.arange(first, first + Q)
    ids = row.repeat(Q, 1)
    for q in range(Q):
        ids[q, first : first + q + 1] = MASK
    segment = (torch.arange(len(row)) >= first).long().repeat(Q, 1)
    before = model.training
    model.eval()
    with torch.no_grad():
        logits = model(ids, segment, torch.ones_like(ids, dtype=torch.bool))
    model.train(before)
    return logits[torch.arange(Q), places].log_softmax(dim=1)[torch.arange(Q), h].mean().item()


# %% wrong="own_word_score" name="words of the premise hidden" says="Words of the premise are hidden and asked for. The words of h are the ones to ask for."
def own_word_score(model, p, h):
    end = torch.tensor([E])
    row = torch.cat([p, end, h, end])
    P, first = len(p), len(p) + 1
    places = torch.arange(P)
    ids = row.repeat(P, 1)
    ids[torch.arange(P), places] = MASK
    segment = (torch.arange(len(row)) >= first).long().repeat(P, 1)
    before = model.training
    model.eval()
    with torch.no_grad():
        logits = model(ids, segment, torch.ones_like(ids, dtype=torch.bool))
    model.train(before)
    return logits[torch.arange(P), places].log_softmax(dim=1)[torch.arange(P), p].mean().item()


# %% wrong="own_word_score" name="words of both sentences" says="The words of the premise are hidden and counted, too."
def own_word_score(model, p, h):
    end = torch.tensor([E])
    row = torch.cat([p, end, h, end])
    first = len(p) + 1
    places = torch.tensor([t for t in range(len(row) - 1) if t != len(p)])
    n = len(places)
    ids = row.repeat(n, 1)
    ids[torch.arange(n), places] = MASK
    segment = (torch.arange(len(row)) >= first).long().repeat(n, 1)
    before = model.training
    model.eval()
    with torch.no_grad():
        logits = model(ids, segment, torch.ones_like(ids, dtype=torch.bool))
    model.train(before)
    return logits[torch.arange(n), places].log_softmax(dim=1)[torch.arange(n), row[places]].mean().item()


# %% wrong="own_word_score" name="E counted" says="The E after h is hidden and counted as a word. Only the Q words of h count."
def own_word_score(model, p, h):
    end = torch.tensor([E])
    row = torch.cat([p, end, h, end])
    n, first = len(h) + 1, len(p) + 1
    places = torch.arange(first, first + n)
    ids = row.repeat(n, 1)
    ids[torch.arange(n), places] = MASK
    segment = (torch.arange(len(row)) >= first).long().repeat(n, 1)
    before = model.training
    model.eval()
    with torch.no_grad():
        logits = model(ids, segment, torch.ones_like(ids, dtype=torch.bool))
    model.train(before)
    return logits[torch.arange(n), places].log_softmax(dim=1)[torch.arange(n), row[places]].mean().item()


# %% wrong="own_word_score" name="divided by Q + 1" says="The sum is divided by Q + 1, as if E were a word of h."
def own_word_score(model, p, h):
    end = torch.tensor([E])
    row = torch.cat([p, end, h, end])
    Q, first = len(h), len(p) + 1
    places = torch.arange(first, first + Q)
    ids = row.repeat(Q, 1)
    ids[torch.arange(Q), places] = MASK
    segment = (torch.arange(len(row)) >= first).long().repeat(Q, 1)
    before = model.training
    model.eval()
    with torch.no_grad():
        logits = model(ids, segment, torch.ones_like(ids, dtype=torch.bool))
    model.train(before)
    return logits[torch.arange(Q), places].log_softmax(dim=1)[torch.arange(Q), h].sum().item() / (Q + 1)


# %% wrong="own_word_score" name="sum" says="The logarithms are summed. The score is their mean: otherwise long hypotheses look worse."
def own_word_score(model, p, h):
    end = torch.tensor([E])
    row = torch.cat([p, end, h, end])
    Q, first = len(h), len(p) + 1
    places = torch.arange(first, first + Q)
    ids = row.repeat(Q, 1)
    ids[torch.arange(Q), places] = MASK
    segment = (torch.arange(len(row)) >= first).long().repeat(Q, 1)
    before = model.training
    model.eval()
    with torch.no_grad():
        logits = model(ids, segment, torch.ones_like(ids, dtype=torch.bool))
    model.train(before)
    return logits[torch.arange(Q), places].log_softmax(dim=1)[torch.arange(Q), h].sum().item()


# %% wrong="own_word_score" name="places of the premise" says="MASK is put where the premise stands, and the logits are read there: the hypothesis begins at place P + 1."
def own_word_score(model, p, h):
    end = torch.tensor([E])
    row = torch.cat([p, end, h, end])
    Q, first = len(h), len(p) + 1
    places = torch.arange(Q)
    ids = row.repeat(Q, 1)
    ids[torch.arange(Q), places] = MASK
    segment = (torch.arange(len(row)) >= first).long().repeat(Q, 1)
    before = model.training
    model.eval()
    with torch.no_grad():
        logits = model(ids, segment, torch.ones_like(ids, dtype=torch.bool))
    model.train(before)
    return logits[torch.arange(Q), places].log_softmax(dim=1)[torch.arange(Q), h].mean().item()


# %% wrong="own_word_score" name="logits at the places of the premise" says="The right places are hidden, but the logits are read at places 0 to Q - 1, where the premise stands."
def own_word_score(model, p, h):
    end = torch.tensor([E])
    row = torch.cat([p, end, h, end])
    Q, first = len(h), len(p) + 1
    places = torch.arange(first, first + Q)
    ids = row.repeat(Q, 1)
    ids[torch.arange(Q), places] = MASK
    segment = (torch.arange(len(row)) >= first).long().repeat(Q, 1)
    before = model.training
    model.eval()
    with torch.no_grad():
        logits = model(ids, segment, torch.ones_like(ids, dtype=torch.bool))
    model.train(before)
    places = torch.arange(Q)
    return logits[torch.arange(Q), places].log_softmax(dim=1)[torch.arange(Q), h].mean().item()


# %% wrong="own_word_score" name="one place too early" says="The places of h begin at P. There stands the E of the premise, so h begins at P + 1."
def own_word_score(model, p, h):
    end = torch.tensor([E])
    row = torch.cat([p, end, h, end])
    Q, first = len(h), len(p) + 1
    places = torch.arange(first - 1, first + Q - 1)
    ids = row.repeat(Q, 1)
    ids[torch.arange(Q), places] = MASK
    segment = (torch.arange(len(row)) >= first).long().repeat(Q, 1)
    before = model.training
    model.eval()
    with torch.no_grad():
        logits = model(ids, segment, torch.ones_like(ids, dtype=torch.bool))
    model.train(before)
    return logits[torch.arange(Q), places].log_softmax(dim=1)[torch.arange(Q), h].mean().item()


# %% wrong="own_word_score" name="logits of the next place" says="The logits are read one place too late."
def own_word_score(model, p, h):
    end = torch.tensor([E])
    row = torch.cat([p, end, h, end])
    Q, first = len(h), len(p) + 1
    places = torch.arange(first, first + Q)
    ids = row.repeat(Q, 1)
    ids[torch.arange(Q), places] = MASK
    segment = (torch.arange(len(row)) >= first).long().repeat(Q, 1)
    before = model.training
    model.eval()
    with torch.no_grad():
        logits = model(ids, segment, torch.ones_like(ids, dtype=torch.bool))
    model.train(before)
    return logits[torch.arange(Q), places + 1].log_softmax(dim=1)[torch.arange(Q), h].mean().item()


# %% wrong="own_word_score" name="logits of the place before" says="The logits are read one place before the hidden word, as in a decoder. Here they say what stands at their own place."
def own_word_score(model, p, h):
    end = torch.tensor([E])
    row = torch.cat([p, end, h, end])
    Q, first = len(h), len(p) + 1
    places = torch.arange(first, first + Q)
    ids = row.repeat(Q, 1)
    ids[torch.arange(Q), places] = MASK
    segment = (torch.arange(len(row)) >= first).long().repeat(Q, 1)
    before = model.training
    model.eval()
    with torch.no_grad():
        logits = model(ids, segment, torch.ones_like(ids, dtype=torch.bool))
    model.train(before)
    return logits[torch.arange(Q), places - 1].log_softmax(dim=1)[torch.arange(Q), h].mean().item()


# %% wrong="own_word_score" name="nothing hidden" says="No word is hidden: the model reads the answer in its input."
def own_word_score(model, p, h):
    end = torch.tensor([E])
    row = torch.cat([p, end, h, end])
    Q, first = len(h), len(p) + 1
    places = torch.arange(first, first + Q)
    ids = row.repeat(Q, 1)
    segment = (torch.arange(len(row)) >= first).long().repeat(Q, 1)
    before = model.training
    model.eval()
    with torch.no_grad():
        logits = model(ids, segment, torch.ones_like(ids, dtype=torch.bool))
    model.train(before)
    return logits[torch.arange(Q), places].log_softmax(dim=1)[torch.arange(Q), h].mean().item()


# %% wrong="own_word_score" name="the log-probability of MASK" says="The log-probability of MASK is read, since the word is taken from the row after hiding."
def own_word_score(model, p, h):
    end = torch.tensor([E])
    row = torch.cat([p, end, h, end])
    Q, first = len(h), len(p) + 1
    places = torch.arange(first, first + Q)
    ids = row.repeat(Q, 1)
    ids[torch.arange(Q), places] = MASK
    segment = (torch.arange(len(row)) >= first).long().repeat(Q, 1)
    before = model.training
    model.eval()
    with torch.no_grad():
        logits = model(ids, segment, torch.ones_like(ids, dtype=torch.bool))
    model.train(before)
    return logits[torch.arange(Q), places].log_softmax(dim=1)[torch.arange(Q), ids[torch.arange(Q), places]].mean().item()


# %% wrong="own_word_score" name="all such words hidden" says="All places with the same word are hidden, also in the premise. Hide one place, and not a word."
def own_word_score(model, p, h):
    end = torch.tensor([E])
    row = torch.cat([p, end, h, end])
    Q, first = len(h), len(p) + 1
    places = torch.arange(first, first + Q)
    ids = row.repeat(Q, 1)
    ids[ids == h.unsqueeze(1)] = MASK
    segment = (torch.arange(len(row)) >= first).long().repeat(Q, 1)
    before = model.training
    model.eval()
    with torch.no_grad():
        logits = model(ids, segment, torch.ones_like(ids, dtype=torch.bool))
    model.train(before)
    return logits[torch.arange(Q), places].log_softmax(dim=1)[torch.arange(Q), h].mean().item()


# %% wrong="own_word_score" name="pads at the end" says="Pads stand behind the second E. The row is p, E, h, E and nothing more, and mask is True everywhere."
def own_word_score(model, p, h):
    end = torch.tensor([E])
    row = torch.cat([p, end, h, end, torch.zeros(3).long()])
    Q, first = len(h), len(p) + 1
    places = torch.arange(first, first + Q)
    ids = row.repeat(Q, 1)
    ids[torch.arange(Q), places] = MASK
    segment = (torch.arange(len(row)) >= first).long().repeat(Q, 1)
    before = model.training
    model.eval()
    with torch.no_grad():
        logits = model(ids, segment, ids != 0)
    model.train(before)
    return logits[torch.arange(Q), places].log_softmax(dim=1)[torch.arange(Q), h].mean().item()


# %% wrong="own_word_score" name="probabilities" says="The mean of the probabilities is taken, and not of their logarithms."
def own_word_score(model, p, h):
    end = torch.tensor([E])
    row = torch.cat([p, end, h, end])
    Q, first = len(h), len(p) + 1
    places = torch.arange(first, first + Q)
    ids = row.repeat(Q, 1)
    ids[torch.arange(Q), places] = MASK
    segment = (torch.arange(len(row)) >= first).long().repeat(Q, 1)
    before = model.training
    model.eval()
    with torch.no_grad():
        logits = model(ids, segment, torch.ones_like(ids, dtype=torch.bool))
    model.train(before)
    return logits[torch.arange(Q), places].softmax(dim=1)[torch.arange(Q), h].mean().item()


# %% wrong="own_word_score" name="log of the mean" says="The logarithm of the mean probability is taken. It is the mean of the logarithms."
def own_word_score(model, p, h):
    end = torch.tensor([E])
    row = torch.cat([p, end, h, end])
    Q, first = len(h), len(p) + 1
    places = torch.arange(first, first + Q)
    ids = row.repeat(Q, 1)
    ids[torch.arange(Q), places] = MASK
    segment = (torch.arange(len(row)) >= first).long().repeat(Q, 1)
    before = model.training
    model.eval()
    with torch.no_grad():
        logits = model(ids, segment, torch.ones_like(ids, dtype=torch.bool))
    model.train(before)
    return logits[torch.arange(Q), places].softmax(dim=1)[torch.arange(Q), h].mean().log().item()


# %% wrong="own_word_score" name="log of softmax" says="The logarithm of the softmax is taken in two steps: a small probability becomes 0, and log 0 is infinite."
def own_word_score(model, p, h):
    end = torch.tensor([E])
    row = torch.cat([p, end, h, end])
    Q, first = len(h), len(p) + 1
    places = torch.arange(first, first + Q)
    ids = row.repeat(Q, 1)
    ids[torch.arange(Q), places] = MASK
    segment = (torch.arange(len(row)) >= first).long().repeat(Q, 1)
    before = model.training
    model.eval()
    with torch.no_grad():
        logits = model(ids, segment, torch.ones_like(ids, dtype=torch.bool))
    model.train(before)
    return logits[torch.arange(Q), places].softmax(dim=1).log()[torch.arange(Q), h].mean().item()


# %% wrong="own_word_score" name="a small number in the log" says="A small number is added before the logarithm: no word can then be worse than about -18."
def own_word_score(model, p, h):
    end = torch.tensor([E])
    row = torch.cat([p, end, h, end])
    Q, first = len(h), len(p) + 1
    places = torch.arange(first, first + Q)
    ids = row.repeat(Q, 1)
    ids[torch.arange(Q), places] = MASK
    segment = (torch.arange(len(row)) >= first).long().repeat(Q, 1)
    before = model.training
    model.eval()
    with torch.no_grad():
        logits = model(ids, segment, torch.ones_like(ids, dtype=torch.bool))
    model.train(before)
    return logits[torch.arange(Q), places].softmax(dim=1).add(1e-8).log()[torch.arange(Q), h].mean().item()


# %% wrong="own_word_score" name="logits themselves" says="The logits are averaged without a softmax: they are no logarithms of probabilities."
def own_word_score(model, p, h):
    end = torch.tensor([E])
    row = torch.cat([p, end, h, end])
    Q, first = len(h), len(p) + 1
    places = torch.arange(first, first + Q)
    ids = row.repeat(Q, 1)
    ids[torch.arange(Q), places] = MASK
    segment = (torch.arange(len(row)) >= first).long().repeat(Q, 1)
    before = model.training
    model.eval()
    with torch.no_grad():
        logits = model(ids, segment, torch.ones_like(ids, dtype=torch.bool))
    model.train(before)
    return logits[torch.arange(Q), places][torch.arange(Q), h].mean().item()


# %% wrong="own_word_score" name="a tensor" says="A tensor comes back. Take the number out with item()."
def own_word_score(model, p, h):
    end = torch.tensor([E])
    row = torch.cat([p, end, h, end])
    Q, first = len(h), len(p) + 1
    places = torch.arange(first, first + Q)
    ids = row.repeat(Q, 1)
    ids[torch.arange(Q), places] = MASK
    segment = (torch.arange(len(row)) >= first).long().repeat(Q, 1)
    before = model.training
    model.eval()
    with torch.no_grad():
        logits = model(ids, segment, torch.ones_like(ids, dtype=torch.bool))
    model.train(before)
    return logits[torch.arange(Q), places].log_softmax(dim=1)[torch.arange(Q), h].mean()


# %% wrong="own_word_score" name="no evaluation mode" says="The model is called in the mode in which it came: with dropout, the score is a matter of chance."
def own_word_score(model, p, h):
    end = torch.tensor([E])
    row = torch.cat([p, end, h, end])
    Q, first = len(h), len(p) + 1
    places = torch.arange(first, first + Q)
    ids = row.repeat(Q, 1)
    ids[torch.arange(Q), places] = MASK
    segment = (torch.arange(len(row)) >= first).long().repeat(Q, 1)
    before = model.training
    with torch.no_grad():
        logits = model(ids, segment, torch.ones_like(ids, dtype=torch.bool))
    model.train(before)
    return logits[torch.arange(Q), places].log_softmax(dim=1)[torch.arange(Q), h].mean().item()


# %% wrong="own_word_score" name="evaluation mode stays" says="The model stays in evaluation mode. If it came in training mode, the training goes on without dropout."
def own_word_score(model, p, h):
    end = torch.tensor([E])
    row = torch.cat([p, end, h, end])
    Q, first = len(h), len(p) + 1
    places = torch.arange(first, first + Q)
    ids = row.repeat(Q, 1)
    ids[torch.arange(Q), places] = MASK
    segment = (torch.arange(len(row)) >= first).long().repeat(Q, 1)
    before = model.training
    model.eval()
    with torch.no_grad():
        logits = model(ids, segment, torch.ones_like(ids, dtype=torch.bool))
    return logits[torch.arange(Q), places].log_softmax(dim=1)[torch.arange(Q), h].mean().item()


# %% wrong="own_word_score" name="training mode afterwards" says="The model is always put into training mode afterwards, also if it came in evaluation mode."
def own_word_score(model, p, h):
    end = torch.tensor([E])
    row = torch.cat([p, end, h, end])
    Q, first = len(h), len(p) + 1
    places = torch.arange(first, first + Q)
    ids = row.repeat(Q, 1)
    ids[torch.arange(Q), places] = MASK
    segment = (torch.arange(len(row)) >= first).long().repeat(Q, 1)
    before = model.training
    model.eval()
    with torch.no_grad():
        logits = model(ids, segment, torch.ones_like(ids, dtype=torch.bool))
    model.train()
    return logits[torch.arange(Q), places].log_softmax(dim=1)[torch.arange(Q), h].mean().item()


# %% wrong="own_word_score" name="the mode read too late" says="The mode is read after eval(): it is always False, and the model stays in evaluation mode."
def own_word_score(model, p, h):
    end = torch.tensor([E])
    row = torch.cat([p, end, h, end])
    Q, first = len(h), len(p) + 1
    places = torch.arange(first, first + Q)
    ids = row.repeat(Q, 1)
    ids[torch.arange(Q), places] = MASK
    segment = (torch.arange(len(row)) >= first).long().repeat(Q, 1)
    model.eval()
    before = model.training
    with torch.no_grad():
        logits = model(ids, segment, torch.ones_like(ids, dtype=torch.bool))
    model.train(before)
    return logits[torch.arange(Q), places].log_softmax(dim=1)[torch.arange(Q), h].mean().item()


# %% wrong="own_word_score" name="h changed" says="The MASKs are written into h itself. Work on a copy."
def own_word_score(model, p, h):
    end = torch.tensor([E])
    words = h.clone()
    rows = []
    for q in range(len(h)):
        h[q] = MASK
        rows.append(torch.cat([p, end, h, end]))
        if q + 1 < len(h):
            h[q] = words[q]
    ids = torch.stack(rows)
    places = torch.arange(len(words)) + len(p) + 1
    segment = (torch.arange(ids.shape[1]) > len(p)).long().repeat(len(ids), 1)
    before = model.training
    model.eval()
    with torch.no_grad():
        logits = model(ids, segment, torch.ones_like(ids, dtype=torch.bool))
    model.train(before)
    return logits[torch.arange(len(words)), places].log_softmax(dim=1)[torch.arange(len(words)), words].mean().item()


# %% wrong="own_word_score" name="repeated words once" says="Words that stand twice in h count once. Each place of h counts."
def own_word_score(model, p, h):
    end = torch.tensor([E])
    row = torch.cat([p, end, h, end])
    h = torch.tensor(list(dict.fromkeys(h.tolist())))
    row = torch.cat([p, end, h, end])
    Q, first = len(h), len(p) + 1
    places = torch.arange(first, first + Q)
    ids = row.repeat(Q, 1)
    ids[torch.arange(Q), places] = MASK
    segment = (torch.arange(len(row)) >= first).long().repeat(Q, 1)
    before = model.training
    model.eval()
    with torch.no_grad():
        logits = model(ids, segment, torch.ones_like(ids, dtype=torch.bool))
    model.train(before)
    return logits[torch.arange(Q), places].log_softmax(dim=1)[torch.arange(Q), h].mean().item()


# %% [markdown]
# The next one stands last: the wrong answers of an exercise run in one process, and it leaves gradients switched off.


# %% wrong="own_word_score" name="gradients switched off for good" says="set_grad_enabled(False) is never taken back: all that comes later has no gradients."
def own_word_score(model, p, h):
    end = torch.tensor([E])
    row = torch.cat([p, end, h, end])
    Q, first = len(h), len(p) + 1
    places = torch.arange(first, first + Q)
    ids = row.repeat(Q, 1)
    ids[torch.arange(Q), places] = MASK
    segment = (torch.arange(len(row)) >= first).long().repeat(Q, 1)
    before = model.training
    model.eval()
    torch.set_grad_enabled(False)
    logits = model(ids, segment, torch.ones_like(ids, dtype=torch.bool))
    model.train(before)
    return logits[torch.arange(Q), places].log_softmax(dim=1)[torch.arange(Q), h].mean().item()
