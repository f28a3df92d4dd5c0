# %% [markdown]
# The answer catalogue of 06_luong_attention: right answers that look different, and wrong answers that students give.


# %% [markdown]
# ## luong_score


# %% right="luong_score" name="einsum"
def luong_score(h, K, method, W=None):
    if method == "dot":
        return torch.einsum("bd,bsd->bs", h, K)
    elif method == "general":
        return torch.einsum("bi,ij,bsj->bs", h, W, K)
    elif method == "concat":
        A, v = W
        D = h.shape[-1]
        added = torch.einsum("ad,bd->ba", A[:, :D], h)[:, None] + torch.einsum("ad,bsd->bsa", A[:, D:], K)
        return torch.einsum("a,bsa->bs", v, added.tanh())
    raise ValueError("unknown method: " + str(method))


# %% right="luong_score" name="bmm"
def luong_score(h, K, method, W=None):
    if method not in ["dot", "general", "concat"]:
        raise ValueError(f"no such method: {method}")
    if method == "concat":
        scores = []
        for j in range(K.shape[1]):
            scores.append(torch.tanh(F.linear(torch.cat((h, K[:, j]), dim=-1), W[0])).mv(W[1]))
        return torch.stack(scores, 1)
    keys = K if W is None else K @ W.T
    return torch.bmm(keys, h.unsqueeze(2)).squeeze(2)


# %% wrong="luong_score" name="zeros" says="All scores are 0, so every word gets the same weight, and nothing can be learned."
def luong_score(h, K, method, W=None):
    if method == "dot":
        return torch.zeros(K.shape[0], K.shape[1])
    if method == "general":
        return torch.zeros(K.shape[0], K.shape[1])
    if method == "concat":
        W, v = W
        both = torch.cat([h.unsqueeze(1).expand_as(K), K], dim=2)
        return torch.zeros(K.shape[0], K.shape[1])
    raise ValueError(f"no such method: {method!r}")


# %% wrong="luong_score" name="ones" says="All scores are 1, whatever the query and the keys are."
def luong_score(h, K, method, W=None):
    if method == "dot":
        return torch.ones(K.shape[:2])
    if method == "general":
        return torch.ones(K.shape[:2])
    if method == "concat":
        W, v = W
        both = torch.cat([h.unsqueeze(1).expand_as(K), K], dim=2)
        return torch.ones(K.shape[:2])
    raise ValueError(f"no such method: {method!r}")


# %% wrong="luong_score" name="general without W" says="W is not used, so general is dot under another name."
def luong_score(h, K, method, W=None):
    if method == "dot":
        return (h.unsqueeze(1) * K).sum(dim=2)
    if method == "general":
        return (h.unsqueeze(1) * K).sum(dim=2)
    if method == "concat":
        W, v = W
        both = torch.cat([h.unsqueeze(1).expand_as(K), K], dim=2)
        return torch.tanh(both @ W.T) @ v
    raise ValueError(f"no such method: {method!r}")


# %% wrong="luong_score" name="W transposed" says="h and k are on the wrong sides of W: this is k W h. A square matrix does not complain."
def luong_score(h, K, method, W=None):
    if method == "dot":
        return (h.unsqueeze(1) * K).sum(dim=2)
    if method == "general":
        return ((h @ W.T).unsqueeze(1) * K).sum(dim=2)
    if method == "concat":
        W, v = W
        both = torch.cat([h.unsqueeze(1).expand_as(K), K], dim=2)
        return torch.tanh(both @ W.T) @ v
    raise ValueError(f"no such method: {method!r}")


# %% wrong="luong_score" name="scaled" says="The scores are divided by the root of D. That is the score of stage 07; Luong's is not scaled."
def luong_score(h, K, method, W=None):
    if method == "dot":
        return (h.unsqueeze(1) * K).sum(dim=2) / h.shape[1] ** 0.5
    if method == "general":
        return ((h @ W).unsqueeze(1) * K).sum(dim=2) / h.shape[1] ** 0.5
    if method == "concat":
        W, v = W
        both = torch.cat([h.unsqueeze(1).expand_as(K), K], dim=2)
        return torch.tanh(both @ W.T) @ v
    raise ValueError(f"no such method: {method!r}")


# %% wrong="luong_score" name="mean in place of the sum" says="The mean over D is the dot product divided by D: the differences between the scores become small."
def luong_score(h, K, method, W=None):
    if method == "dot":
        return (h.unsqueeze(1) * K).mean(dim=2)
    if method == "general":
        return ((h @ W).unsqueeze(1) * K).mean(dim=2)
    if method == "concat":
        W, v = W
        both = torch.cat([h.unsqueeze(1).expand_as(K), K], dim=2)
        return torch.tanh(both @ W.T) @ v
    raise ValueError(f"no such method: {method!r}")


# %% wrong="luong_score" name="cosine" says="Query and keys are brought to length 1 first. That is the cosine; the dot product keeps the lengths."
def luong_score(h, K, method, W=None):
    if method == "dot":
        return F.cosine_similarity(h.unsqueeze(1), K, dim=2)
    if method == "general":
        return ((h @ W).unsqueeze(1) * K).sum(dim=2)
    if method == "concat":
        W, v = W
        both = torch.cat([h.unsqueeze(1).expand_as(K), K], dim=2)
        return torch.tanh(both @ W.T) @ v
    raise ValueError(f"no such method: {method!r}")


# %% wrong="luong_score" name="tanh missing" says="Without tanh the query adds the same number to all scores of concat, and the softmax cancels it."
def luong_score(h, K, method, W=None):
    if method == "dot":
        return (h.unsqueeze(1) * K).sum(dim=2)
    if method == "general":
        return ((h @ W).unsqueeze(1) * K).sum(dim=2)
    if method == "concat":
        W, v = W
        both = torch.cat([h.unsqueeze(1).expand_as(K), K], dim=2)
        return both @ W.T @ v
    raise ValueError(f"no such method: {method!r}")


# %% wrong="luong_score" name="tanh outside" says="tanh comes after v, so inside everything is linear: v belongs behind the tanh."
def luong_score(h, K, method, W=None):
    if method == "dot":
        return (h.unsqueeze(1) * K).sum(dim=2)
    if method == "general":
        return ((h @ W).unsqueeze(1) * K).sum(dim=2)
    if method == "concat":
        W, v = W
        both = torch.cat([h.unsqueeze(1).expand_as(K), K], dim=2)
        return torch.tanh(both @ W.T @ v)
    raise ValueError(f"no such method: {method!r}")


# %% wrong="luong_score" name="tanh around all" says="dot and general have no tanh: it squeezes large scores, so that a sure answer becomes impossible."
def luong_score(h, K, method, W=None):
    if method == "dot":
        return torch.tanh((h.unsqueeze(1) * K).sum(dim=2))
    if method == "general":
        return torch.tanh(((h @ W).unsqueeze(1) * K).sum(dim=2))
    if method == "concat":
        W, v = W
        both = torch.cat([h.unsqueeze(1).expand_as(K), K], dim=2)
        return torch.tanh(both @ W.T) @ v
    raise ValueError(f"no such method: {method!r}")


# %% wrong="luong_score" name="concat order" says="The key stands first and the query second: in [h; k] the query comes first, and W has its columns in this order."
def luong_score(h, K, method, W=None):
    if method == "dot":
        return (h.unsqueeze(1) * K).sum(dim=2)
    if method == "general":
        return ((h @ W).unsqueeze(1) * K).sum(dim=2)
    if method == "concat":
        W, v = W
        both = torch.cat([K, h.unsqueeze(1).expand_as(K)], dim=2)
        return torch.tanh(both @ W.T) @ v
    raise ValueError(f"no such method: {method!r}")


# %% wrong="luong_score" name="v missing" says="The hidden numbers are added up without v, so each counts the same."
def luong_score(h, K, method, W=None):
    if method == "dot":
        return (h.unsqueeze(1) * K).sum(dim=2)
    if method == "general":
        return ((h @ W).unsqueeze(1) * K).sum(dim=2)
    if method == "concat":
        W, v = W
        both = torch.cat([h.unsqueeze(1).expand_as(K), K], dim=2)
        return torch.tanh(both @ W.T).sum(dim=2)
    raise ValueError(f"no such method: {method!r}")


# %% wrong="luong_score" name="query ignored in concat" says="Keys are joined with keys: the query has no effect, and the weights are the same at every step."
def luong_score(h, K, method, W=None):
    if method == "dot":
        return (h.unsqueeze(1) * K).sum(dim=2)
    if method == "general":
        return ((h @ W).unsqueeze(1) * K).sum(dim=2)
    if method == "concat":
        W, v = W
        both = torch.cat([K, K], dim=2)
        return torch.tanh(both @ W.T) @ v
    raise ValueError(f"no such method: {method!r}")


# %% wrong="luong_score" name="softmax inside" says="These are weights already. The function returns scores; the softmax comes later, with the mask."
def luong_score(h, K, method, W=None):
    if method == "dot":
        return torch.softmax((h.unsqueeze(1) * K).sum(dim=2), dim=1)
    if method == "general":
        return torch.softmax(((h @ W).unsqueeze(1) * K).sum(dim=2), dim=1)
    if method == "concat":
        W, v = W
        both = torch.cat([h.unsqueeze(1).expand_as(K), K], dim=2)
        return torch.softmax(torch.tanh(both @ W.T) @ v, dim=1)
    raise ValueError(f"no such method: {method!r}")


# %% wrong="luong_score" name="one query for the whole batch" says="Every sentence of the batch is asked with the query of the first one."
def luong_score(h, K, method, W=None):
    if method == "dot":
        return K @ h[0]
    if method == "general":
        return K @ (h @ W)[0]
    if method == "concat":
        W, v = W
        both = torch.cat([h.unsqueeze(1).expand_as(K), K], dim=2)
        return torch.tanh(both @ W.T) @ v
    raise ValueError(f"no such method: {method!r}")


# %% wrong="luong_score" name="minus the distance" says="This score is minus the squared distance. It is a similarity too, but not the dot product: it also punishes long keys."
def luong_score(h, K, method, W=None):
    if method == "dot":
        return -((h.unsqueeze(1) - K) ** 2).sum(dim=2)
    if method == "general":
        return ((h @ W).unsqueeze(1) * K).sum(dim=2)
    if method == "concat":
        W, v = W
        both = torch.cat([h.unsqueeze(1).expand_as(K), K], dim=2)
        return torch.tanh(both @ W.T) @ v
    raise ValueError(f"no such method: {method!r}")


# %% wrong="luong_score" name="squeeze" says="squeeze() drops every dimension of size 1, also a batch or a sentence of one."
def luong_score(h, K, method, W=None):
    if method == "dot":
        return (K @ h.unsqueeze(2)).squeeze()
    if method == "general":
        return (K @ (h @ W).unsqueeze(2)).squeeze()
    if method == "concat":
        W, v = W
        both = torch.cat([h.unsqueeze(1).expand_as(K), K], dim=2)
        return torch.tanh(both @ W.T) @ v
    raise ValueError(f"no such method: {method!r}")


# %% wrong="luong_score" name="a column too many" says="The scores have the shape [B, S, 1]; the last dimension must go."
def luong_score(h, K, method, W=None):
    if method == "dot":
        return K @ h.unsqueeze(2)
    if method == "general":
        return K @ (h @ W).unsqueeze(2)
    if method == "concat":
        W, v = W
        both = torch.cat([h.unsqueeze(1).expand_as(K), K], dim=2)
        return torch.tanh(both @ W.T) @ v.unsqueeze(1)
    raise ValueError(f"no such method: {method!r}")


# %% wrong="luong_score" name="sum over the words" says="The sum runs over the words and not over D: one number for each number of the state, not for each word."
def luong_score(h, K, method, W=None):
    if method == "dot":
        return (h.unsqueeze(1) * K).sum(dim=1)
    if method == "general":
        return ((h @ W).unsqueeze(1) * K).sum(dim=1)
    if method == "concat":
        W, v = W
        both = torch.cat([h.unsqueeze(1).expand_as(K), K], dim=2)
        return torch.tanh(both @ W.T) @ v
    raise ValueError(f"no such method: {method!r}")


# %% wrong="luong_score" name="query detached" says="detach() cuts the query off: the decoder never learns to ask."
def luong_score(h, K, method, W=None):
    h = h.detach()
    if method == "dot":
        return (h.unsqueeze(1) * K).sum(dim=2)
    if method == "general":
        return ((h @ W).unsqueeze(1) * K).sum(dim=2)
    if method == "concat":
        W, v = W
        both = torch.cat([h.unsqueeze(1).expand_as(K), K], dim=2)
        return torch.tanh(both @ W.T) @ v
    raise ValueError(f"no such method: {method!r}")


# %% wrong="luong_score" name="keys detached" says="detach() cuts the keys off: the encoder learns nothing from the attention."
def luong_score(h, K, method, W=None):
    K = K.detach()
    if method == "dot":
        return (h.unsqueeze(1) * K).sum(dim=2)
    if method == "general":
        return ((h @ W).unsqueeze(1) * K).sum(dim=2)
    if method == "concat":
        W, v = W
        both = torch.cat([h.unsqueeze(1).expand_as(K), K], dim=2)
        return torch.tanh(both @ W.T) @ v
    raise ValueError(f"no such method: {method!r}")


# %% wrong="luong_score" name="v without gradient" says="v.data has no gradient, so v is never learned."
def luong_score(h, K, method, W=None):
    if method == "dot":
        return (h.unsqueeze(1) * K).sum(dim=2)
    if method == "general":
        return ((h @ W).unsqueeze(1) * K).sum(dim=2)
    if method == "concat":
        W, v = W
        both = torch.cat([h.unsqueeze(1).expand_as(K), K], dim=2)
        return torch.tanh(both @ W.T) @ v.data
    raise ValueError(f"no such method: {method!r}")


# %% wrong="luong_score" name="query changed in place" says="The query is overwritten with W h: the decoder's state is another one after the call."
def luong_score(h, K, method, W=None):
    if method == "dot":
        return (h.unsqueeze(1) * K).sum(dim=2)
    if method == "general":
        return (
            (h.copy_(h @ W).unsqueeze(1) * K).sum(dim=2)
            if not h.requires_grad
            else ((h @ W).unsqueeze(1) * K).sum(dim=2)
        )
    if method == "concat":
        W, v = W
        both = torch.cat([h.unsqueeze(1).expand_as(K), K], dim=2)
        return torch.tanh(both @ W.T) @ v
    raise ValueError(f"no such method: {method!r}")


# %% wrong="luong_score" name="keys changed in place" says="The keys are multiplied in place: the memory is spoiled for the next step."
def luong_score(h, K, method, W=None):
    if method == "dot":
        return (K.mul_(h.unsqueeze(1)) if not K.requires_grad else K * h.unsqueeze(1)).sum(dim=2)
    if method == "general":
        return ((h @ W).unsqueeze(1) * K).sum(dim=2)
    if method == "concat":
        W, v = W
        both = torch.cat([h.unsqueeze(1).expand_as(K), K], dim=2)
        return torch.tanh(both @ W.T) @ v
    raise ValueError(f"no such method: {method!r}")


# %% wrong="luong_score" name="unknown method is dot" says="Every unknown name is taken for dot: a typing mistake in the name goes unseen."
def luong_score(h, K, method, W=None):
    if method == "dot":
        return (h.unsqueeze(1) * K).sum(dim=2)
    if method == "general":
        return ((h @ W).unsqueeze(1) * K).sum(dim=2)
    if method == "concat":
        W, v = W
        both = torch.cat([h.unsqueeze(1).expand_as(K), K], dim=2)
        return torch.tanh(both @ W.T) @ v
    return (h.unsqueeze(1) * K).sum(dim=2)


# %% wrong="luong_score" name="unknown method is None" says="For an unknown name None comes back, and the error appears somewhere else."
def luong_score(h, K, method, W=None):
    if method == "dot":
        return (h.unsqueeze(1) * K).sum(dim=2)
    if method == "general":
        return ((h @ W).unsqueeze(1) * K).sum(dim=2)
    if method == "concat":
        W, v = W
        both = torch.cat([h.unsqueeze(1).expand_as(K), K], dim=2)
        return torch.tanh(both @ W.T) @ v
    return None


# %% wrong="luong_score" name="key error" says="An unknown name ends in a KeyError; the docstring promises a ValueError that speaks of the method."
def luong_score(h, K, method, W=None):
    {"dot": 1, "general": 2, "concat": 3}[method]
    if method == "dot":
        return (h.unsqueeze(1) * K).sum(dim=2)
    if method == "general":
        return ((h @ W).unsqueeze(1) * K).sum(dim=2)
    if method == "concat":
        W, v = W
        both = torch.cat([h.unsqueeze(1).expand_as(K), K], dim=2)
        return torch.tanh(both @ W.T) @ v
    raise ValueError(f"no such method: {method!r}")


# %% wrong="luong_score" name="only the first letter of the method counts" says="Only the beginning of the name is looked at, so 'Dot' fails but 'doubt' would pass; compare the whole name."
def luong_score(h, K, method, W=None):
    method = {"d": "dot", "g": "general", "c": "concat"}.get(str(method)[:1].lower(), method)
    if method == "dot":
        return (h.unsqueeze(1) * K).sum(dim=2)
    if method == "general":
        return ((h @ W).unsqueeze(1) * K).sum(dim=2)
    if method == "concat":
        W, v = W
        both = torch.cat([h.unsqueeze(1).expand_as(K), K], dim=2)
        return torch.tanh(both @ W.T) @ v
    raise ValueError(f"no such method: {method!r}")


# %% wrong="luong_score" name="compared with is" says="`method is 'dot'` asks whether both are the same object. Texts are compared with ==."
def luong_score(h, K, method, W=None):
    dot = "dot"
    if method is dot:
        return (h.unsqueeze(1) * K).sum(dim=2)
    if method == "general":
        return ((h @ W).unsqueeze(1) * K).sum(dim=2)
    if method == "concat":
        W, v = W
        return torch.tanh(torch.cat([h.unsqueeze(1).expand_as(K), K], dim=2) @ W.T) @ v
    raise ValueError(f"luong_score: the method is dot, general or concat, not {method!r}")


# %% wrong="luong_score" name="tanh written with exp" says="exp of a large number is infinite, and inf / inf is NaN. torch.tanh knows a way round it."
def luong_score(h, K, method, W=None):
    if method == "dot":
        return (h.unsqueeze(1) * K).sum(dim=2)
    if method == "general":
        return ((h @ W).unsqueeze(1) * K).sum(dim=2)
    if method == "concat":
        W, v = W
        hidden = torch.cat([h.unsqueeze(1).expand_as(K), K], dim=2) @ W.T
        return ((hidden.exp() - (-hidden).exp()) / (hidden.exp() + (-hidden).exp())) @ v
    raise ValueError(f"luong_score: the method is dot, general or concat, not {method!r}")


# %% wrong="luong_score" name="a part of the word will do" says="The beginning of the word is enough, so 'do' passes as dot. Only the three names are methods."
def luong_score(h, K, method, W=None):
    if method and "dot".startswith(str(method)):
        return (h.unsqueeze(1) * K).sum(dim=2)
    if method == "general":
        return ((h @ W).unsqueeze(1) * K).sum(dim=2)
    if method == "concat":
        W, v = W
        hidden = torch.cat([h.unsqueeze(1).expand_as(K), K], dim=2) @ W.T
        return torch.tanh(hidden) @ v
    raise ValueError(f"luong_score: the method is dot, general or concat, not {method!r}")


# %% [markdown]
# ## LuongDecoder


# %% right="LuongDecoder" name="score weights in a dictionary"
class LuongDecoder(nn.Module):
    def __init__(self, V, n_in, D, method="dot", input_feeding=False):
        nn.Module.__init__(self)
        self.out = nn.Linear(D, V)
        self.embedding = nn.Embedding(num_embeddings=V, embedding_dim=n_in)
        self.input_feeding = bool(input_feeding)
        self.cell = nn.GRUCell(n_in + (D if self.input_feeding else 0), D)
        self.method = method
        shapes = {"dot": (None, None), "general": ((D, D), None), "concat": ((D, 2 * D), (D,))}[method]
        for name, shape in zip(("W_a", "v_a"), shapes):
            self.register_parameter(name, None if shape is None else start(*shape))
        self.W_c = start(D, 2 * D)

    def weights_of_score(self):
        return {"dot": None, "general": self.W_a, "concat": (self.W_a, self.v_a)}[self.method]

    def step(self, y, state, memory, mask):
        old, fed = state
        e = self.embedding(y)
        new = self.cell(torch.hstack([e, fed]) if self.input_feeding else e, old)
        alpha = masked_softmax(luong_score(new, memory, self.method, self.weights_of_score()), mask)
        c = torch.bmm(alpha[:, None], memory)[:, 0]
        fresh = F.linear(torch.hstack([c, new]), self.W_c).tanh()
        return self.out(fresh), (new, fresh), alpha


# %% right="LuongDecoder" name="W_c in two halves"
class LuongDecoder(nn.Module):
    def __init__(self, V, n_in, D, method="dot", input_feeding=False):
        super().__init__()
        self.D, self.method, self.input_feeding = D, method, input_feeding
        self.embedding = nn.Embedding(V, n_in)
        size = n_in
        if input_feeding:
            size += D
        self.cell = nn.GRUCell(size, D)
        self.W_a = self.v_a = None
        if method == "general":
            self.W_a = start(D, D)
        if method == "concat":
            self.W_a, self.v_a = start(D, 2 * D), start(D)
        self.W_c = start(D, 2 * D)
        self.out = nn.Linear(D, V)

    def step(self, y, state, memory, mask):
        inputs = [self.embedding(y)] + [state[1]] * self.input_feeding
        h = self.cell(torch.cat(inputs, dim=-1), state[0])
        if self.method == "concat":
            scores = luong_score(h, memory, "concat", (self.W_a, self.v_a))
        else:
            scores = luong_score(h, memory, self.method, self.W_a)
        alpha = masked_softmax(scores, mask)
        c = (alpha.unsqueeze(-1) * memory).sum(dim=1)
        h_tilde = torch.tanh(c @ self.W_c[:, : self.D].T + h @ self.W_c[:, self.D :].T)
        return self.out(h_tilde), (h, h_tilde), alpha


# %% right="LuongDecoder" name="minus infinity, NaN mended"
class LuongDecoder(nn.Module):
    def __init__(self, V, n_in, D, method="dot", input_feeding=False):
        super().__init__()
        self.method, self.input_feeding = method, input_feeding
        self.embedding = nn.Embedding(V, n_in)
        self.cell = nn.GRUCell(n_in + D if input_feeding else n_in, D)
        self.W_a = {"dot": None, "general": start(D, D), "concat": start(D, 2 * D)}[method]
        self.v_a = start(D) if method == "concat" else None
        self.W_c = start(D, 2 * D)
        self.out = nn.Linear(D, V)

    def step(self, y, state, memory, mask):
        h, h_tilde = state
        x = self.embedding(y)
        if self.input_feeding:
            x = torch.cat([x, h_tilde], dim=1)
        h = self.cell(x, h)
        W = (self.W_a, self.v_a) if self.method == "concat" else self.W_a
        scores = luong_score(h, memory, self.method, W).masked_fill(~mask, float("-inf"))
        alpha = torch.softmax(scores, dim=1).nan_to_num(0.0)
        c = context(alpha, memory)
        h_tilde = torch.tanh(torch.cat([c, h], dim=1) @ self.W_c.T)
        return self.out(h_tilde), (h, h_tilde), alpha


# %% wrong="LuongDecoder" name="the old state asks" says="h_{t-1} asks in place of h_t: that is Bahdanau's order. Luong's decoder moves first and looks then."
class LuongDecoder(nn.Module):
    def __init__(self, V, n_in, D, method="dot", input_feeding=False):
        super().__init__()
        self.method, self.input_feeding = method, input_feeding
        self.embedding = nn.Embedding(V, n_in)
        self.cell = nn.GRUCell(n_in + D if input_feeding else n_in, D)
        self.W_a = {"dot": None, "general": start(D, D), "concat": start(D, 2 * D)}[method]
        self.v_a = start(D) if method == "concat" else None
        self.W_c = start(D, 2 * D)
        self.out = nn.Linear(D, V)

    def step(self, y, state, memory, mask):
        h, h_tilde = state
        x = self.embedding(y)
        if self.input_feeding:
            x = torch.cat([x, h_tilde], dim=1)
        h = self.cell(x, h)
        W = (self.W_a, self.v_a) if self.method == "concat" else self.W_a
        alpha = masked_softmax(luong_score(state[0], memory, self.method, W), mask)
        c = context(alpha, memory)
        h_tilde = torch.tanh(torch.cat([c, h], dim=1) @ self.W_c.T)
        return self.out(h_tilde), (h, h_tilde), alpha


# %% wrong="LuongDecoder" name="the old state in h_tilde" says="h_tilde is made of the context and h_{t-1}; it must be the new state."
class LuongDecoder(nn.Module):
    def __init__(self, V, n_in, D, method="dot", input_feeding=False):
        super().__init__()
        self.method, self.input_feeding = method, input_feeding
        self.embedding = nn.Embedding(V, n_in)
        self.cell = nn.GRUCell(n_in + D if input_feeding else n_in, D)
        self.W_a = {"dot": None, "general": start(D, D), "concat": start(D, 2 * D)}[method]
        self.v_a = start(D) if method == "concat" else None
        self.W_c = start(D, 2 * D)
        self.out = nn.Linear(D, V)

    def step(self, y, state, memory, mask):
        h, h_tilde = state
        x = self.embedding(y)
        if self.input_feeding:
            x = torch.cat([x, h_tilde], dim=1)
        h = self.cell(x, h)
        W = (self.W_a, self.v_a) if self.method == "concat" else self.W_a
        alpha = masked_softmax(luong_score(h, memory, self.method, W), mask)
        c = context(alpha, memory)
        h_tilde = torch.tanh(torch.cat([c, state[0]], dim=1) @ self.W_c.T)
        return self.out(h_tilde), (h, h_tilde), alpha


# %% wrong="LuongDecoder" name="concat order" says="[h; c] in place of [c; h]: the columns of W_c meet the wrong halves."
class LuongDecoder(nn.Module):
    def __init__(self, V, n_in, D, method="dot", input_feeding=False):
        super().__init__()
        self.method, self.input_feeding = method, input_feeding
        self.embedding = nn.Embedding(V, n_in)
        self.cell = nn.GRUCell(n_in + D if input_feeding else n_in, D)
        self.W_a = {"dot": None, "general": start(D, D), "concat": start(D, 2 * D)}[method]
        self.v_a = start(D) if method == "concat" else None
        self.W_c = start(D, 2 * D)
        self.out = nn.Linear(D, V)

    def step(self, y, state, memory, mask):
        h, h_tilde = state
        x = self.embedding(y)
        if self.input_feeding:
            x = torch.cat([x, h_tilde], dim=1)
        h = self.cell(x, h)
        W = (self.W_a, self.v_a) if self.method == "concat" else self.W_a
        alpha = masked_softmax(luong_score(h, memory, self.method, W), mask)
        c = context(alpha, memory)
        h_tilde = torch.tanh(torch.cat([h, c], dim=1) @ self.W_c.T)
        return self.out(h_tilde), (h, h_tilde), alpha


# %% wrong="LuongDecoder" name="tanh missing" says="h_tilde has no tanh: the attentional layer becomes linear."
class LuongDecoder(nn.Module):
    def __init__(self, V, n_in, D, method="dot", input_feeding=False):
        super().__init__()
        self.method, self.input_feeding = method, input_feeding
        self.embedding = nn.Embedding(V, n_in)
        self.cell = nn.GRUCell(n_in + D if input_feeding else n_in, D)
        self.W_a = {"dot": None, "general": start(D, D), "concat": start(D, 2 * D)}[method]
        self.v_a = start(D) if method == "concat" else None
        self.W_c = start(D, 2 * D)
        self.out = nn.Linear(D, V)

    def step(self, y, state, memory, mask):
        h, h_tilde = state
        x = self.embedding(y)
        if self.input_feeding:
            x = torch.cat([x, h_tilde], dim=1)
        h = self.cell(x, h)
        W = (self.W_a, self.v_a) if self.method == "concat" else self.W_a
        alpha = masked_softmax(luong_score(h, memory, self.method, W), mask)
        c = context(alpha, memory)
        h_tilde = torch.cat([c, h], dim=1) @ self.W_c.T
        return self.out(h_tilde), (h, h_tilde), alpha


# %% wrong="LuongDecoder" name="out reads h" says="The output layer reads the state h, so the attention has no effect on the words."
class LuongDecoder(nn.Module):
    def __init__(self, V, n_in, D, method="dot", input_feeding=False):
        super().__init__()
        self.method, self.input_feeding = method, input_feeding
        self.embedding = nn.Embedding(V, n_in)
        self.cell = nn.GRUCell(n_in + D if input_feeding else n_in, D)
        self.W_a = {"dot": None, "general": start(D, D), "concat": start(D, 2 * D)}[method]
        self.v_a = start(D) if method == "concat" else None
        self.W_c = start(D, 2 * D)
        self.out = nn.Linear(D, V)

    def step(self, y, state, memory, mask):
        h, h_tilde = state
        x = self.embedding(y)
        if self.input_feeding:
            x = torch.cat([x, h_tilde], dim=1)
        h = self.cell(x, h)
        W = (self.W_a, self.v_a) if self.method == "concat" else self.W_a
        alpha = masked_softmax(luong_score(h, memory, self.method, W), mask)
        c = context(alpha, memory)
        h_tilde = torch.tanh(torch.cat([c, h], dim=1) @ self.W_c.T)
        return self.out(h), (h, h_tilde), alpha


# %% wrong="LuongDecoder" name="mean of the memory" says="The context is the mean of the memory; the weights are returned but not used."
class LuongDecoder(nn.Module):
    def __init__(self, V, n_in, D, method="dot", input_feeding=False):
        super().__init__()
        self.method, self.input_feeding = method, input_feeding
        self.embedding = nn.Embedding(V, n_in)
        self.cell = nn.GRUCell(n_in + D if input_feeding else n_in, D)
        self.W_a = {"dot": None, "general": start(D, D), "concat": start(D, 2 * D)}[method]
        self.v_a = start(D) if method == "concat" else None
        self.W_c = start(D, 2 * D)
        self.out = nn.Linear(D, V)

    def step(self, y, state, memory, mask):
        h, h_tilde = state
        x = self.embedding(y)
        if self.input_feeding:
            x = torch.cat([x, h_tilde], dim=1)
        h = self.cell(x, h)
        W = (self.W_a, self.v_a) if self.method == "concat" else self.W_a
        alpha = masked_softmax(luong_score(h, memory, self.method, W), mask)
        c = memory.mean(dim=1) if mask.any() else memory.mean(dim=1) * 0
        h_tilde = torch.tanh(torch.cat([c, h], dim=1) @ self.W_c.T)
        return self.out(h_tilde), (h, h_tilde), alpha


# %% wrong="LuongDecoder" name="the memory is never read" says="The context is zeros: attention that never reads the encoder."
class LuongDecoder(nn.Module):
    def __init__(self, V, n_in, D, method="dot", input_feeding=False):
        super().__init__()
        self.method, self.input_feeding = method, input_feeding
        self.embedding = nn.Embedding(V, n_in)
        self.cell = nn.GRUCell(n_in + D if input_feeding else n_in, D)
        self.W_a = {"dot": None, "general": start(D, D), "concat": start(D, 2 * D)}[method]
        self.v_a = start(D) if method == "concat" else None
        self.W_c = start(D, 2 * D)
        self.out = nn.Linear(D, V)

    def step(self, y, state, memory, mask):
        h, h_tilde = state
        x = self.embedding(y)
        if self.input_feeding:
            x = torch.cat([x, h_tilde], dim=1)
        h = self.cell(x, h)
        W = (self.W_a, self.v_a) if self.method == "concat" else self.W_a
        alpha = masked_softmax(luong_score(h, memory, self.method, W), mask)
        c = torch.zeros_like(h)
        h_tilde = torch.tanh(torch.cat([c, h], dim=1) @ self.W_c.T)
        return self.out(h_tilde), (h, h_tilde), alpha


# %% wrong="LuongDecoder" name="uniform weights" says="All words have the same weight: the scores are not used."
class LuongDecoder(nn.Module):
    def __init__(self, V, n_in, D, method="dot", input_feeding=False):
        super().__init__()
        self.method, self.input_feeding = method, input_feeding
        self.embedding = nn.Embedding(V, n_in)
        self.cell = nn.GRUCell(n_in + D if input_feeding else n_in, D)
        self.W_a = {"dot": None, "general": start(D, D), "concat": start(D, 2 * D)}[method]
        self.v_a = start(D) if method == "concat" else None
        self.W_c = start(D, 2 * D)
        self.out = nn.Linear(D, V)

    def step(self, y, state, memory, mask):
        h, h_tilde = state
        x = self.embedding(y)
        if self.input_feeding:
            x = torch.cat([x, h_tilde], dim=1)
        h = self.cell(x, h)
        W = (self.W_a, self.v_a) if self.method == "concat" else self.W_a
        alpha = masked_softmax(torch.zeros(memory.shape[:2]), mask)
        c = context(alpha, memory)
        h_tilde = torch.tanh(torch.cat([c, h], dim=1) @ self.W_c.T)
        return self.out(h_tilde), (h, h_tilde), alpha


# %% wrong="LuongDecoder" name="mask ignored" says="The mask does not reach the softmax, so pads get weight."
class LuongDecoder(nn.Module):
    def __init__(self, V, n_in, D, method="dot", input_feeding=False):
        super().__init__()
        self.method, self.input_feeding = method, input_feeding
        self.embedding = nn.Embedding(V, n_in)
        self.cell = nn.GRUCell(n_in + D if input_feeding else n_in, D)
        self.W_a = {"dot": None, "general": start(D, D), "concat": start(D, 2 * D)}[method]
        self.v_a = start(D) if method == "concat" else None
        self.W_c = start(D, 2 * D)
        self.out = nn.Linear(D, V)

    def step(self, y, state, memory, mask):
        h, h_tilde = state
        x = self.embedding(y)
        if self.input_feeding:
            x = torch.cat([x, h_tilde], dim=1)
        h = self.cell(x, h)
        W = (self.W_a, self.v_a) if self.method == "concat" else self.W_a
        alpha = masked_softmax(luong_score(h, memory, self.method, W), torch.ones_like(mask))
        c = context(alpha, memory)
        h_tilde = torch.tanh(torch.cat([c, h], dim=1) @ self.W_c.T)
        return self.out(h_tilde), (h, h_tilde), alpha


# %% wrong="LuongDecoder" name="mask inverted" says="True means that a word is there; here the words are hidden."
class LuongDecoder(nn.Module):
    def __init__(self, V, n_in, D, method="dot", input_feeding=False):
        super().__init__()
        self.method, self.input_feeding = method, input_feeding
        self.embedding = nn.Embedding(V, n_in)
        self.cell = nn.GRUCell(n_in + D if input_feeding else n_in, D)
        self.W_a = {"dot": None, "general": start(D, D), "concat": start(D, 2 * D)}[method]
        self.v_a = start(D) if method == "concat" else None
        self.W_c = start(D, 2 * D)
        self.out = nn.Linear(D, V)

    def step(self, y, state, memory, mask):
        h, h_tilde = state
        x = self.embedding(y)
        if self.input_feeding:
            x = torch.cat([x, h_tilde], dim=1)
        h = self.cell(x, h)
        W = (self.W_a, self.v_a) if self.method == "concat" else self.W_a
        alpha = masked_softmax(luong_score(h, memory, self.method, W), ~mask)
        c = context(alpha, memory)
        h_tilde = torch.tanh(torch.cat([c, h], dim=1) @ self.W_c.T)
        return self.out(h_tilde), (h, h_tilde), alpha


# %% wrong="LuongDecoder" name="mask after softmax" says="The mask comes after the softmax, when the pads have taken their share: the weights no longer sum to 1."
class LuongDecoder(nn.Module):
    def __init__(self, V, n_in, D, method="dot", input_feeding=False):
        super().__init__()
        self.method, self.input_feeding = method, input_feeding
        self.embedding = nn.Embedding(V, n_in)
        self.cell = nn.GRUCell(n_in + D if input_feeding else n_in, D)
        self.W_a = {"dot": None, "general": start(D, D), "concat": start(D, 2 * D)}[method]
        self.v_a = start(D) if method == "concat" else None
        self.W_c = start(D, 2 * D)
        self.out = nn.Linear(D, V)

    def step(self, y, state, memory, mask):
        h, h_tilde = state
        x = self.embedding(y)
        if self.input_feeding:
            x = torch.cat([x, h_tilde], dim=1)
        h = self.cell(x, h)
        W = (self.W_a, self.v_a) if self.method == "concat" else self.W_a
        alpha = torch.softmax(luong_score(h, memory, self.method, W), dim=1) * mask
        c = context(alpha, memory)
        h_tilde = torch.tanh(torch.cat([c, h], dim=1) @ self.W_c.T)
        return self.out(h_tilde), (h, h_tilde), alpha


# %% wrong="LuongDecoder" name="softmax over the batch" says="The softmax runs over the sentences and not over the words."
class LuongDecoder(nn.Module):
    def __init__(self, V, n_in, D, method="dot", input_feeding=False):
        super().__init__()
        self.method, self.input_feeding = method, input_feeding
        self.embedding = nn.Embedding(V, n_in)
        self.cell = nn.GRUCell(n_in + D if input_feeding else n_in, D)
        self.W_a = {"dot": None, "general": start(D, D), "concat": start(D, 2 * D)}[method]
        self.v_a = start(D) if method == "concat" else None
        self.W_c = start(D, 2 * D)
        self.out = nn.Linear(D, V)

    def step(self, y, state, memory, mask):
        h, h_tilde = state
        x = self.embedding(y)
        if self.input_feeding:
            x = torch.cat([x, h_tilde], dim=1)
        h = self.cell(x, h)
        W = (self.W_a, self.v_a) if self.method == "concat" else self.W_a
        alpha = masked_softmax(luong_score(h, memory, self.method, W).T, mask.T).T
        c = context(alpha, memory)
        h_tilde = torch.tanh(torch.cat([c, h], dim=1) @ self.W_c.T)
        return self.out(h_tilde), (h, h_tilde), alpha


# %% wrong="LuongDecoder" name="scores scaled" says="The scores are divided by the root of D: that is stage 07, not Luong."
class LuongDecoder(nn.Module):
    def __init__(self, V, n_in, D, method="dot", input_feeding=False):
        super().__init__()
        self.method, self.input_feeding = method, input_feeding
        self.embedding = nn.Embedding(V, n_in)
        self.cell = nn.GRUCell(n_in + D if input_feeding else n_in, D)
        self.W_a = {"dot": None, "general": start(D, D), "concat": start(D, 2 * D)}[method]
        self.v_a = start(D) if method == "concat" else None
        self.W_c = start(D, 2 * D)
        self.out = nn.Linear(D, V)

    def step(self, y, state, memory, mask):
        h, h_tilde = state
        x = self.embedding(y)
        if self.input_feeding:
            x = torch.cat([x, h_tilde], dim=1)
        h = self.cell(x, h)
        W = (self.W_a, self.v_a) if self.method == "concat" else self.W_a
        alpha = masked_softmax(luong_score(h, memory, self.method, W) / h.shape[1] ** 0.5, mask)
        c = context(alpha, memory)
        h_tilde = torch.tanh(torch.cat([c, h], dim=1) @ self.W_c.T)
        return self.out(h_tilde), (h, h_tilde), alpha


# %% wrong="LuongDecoder" name="softmax of the logits" says="These are probabilities. Return logits: the loss makes its own softmax."
class LuongDecoder(nn.Module):
    def __init__(self, V, n_in, D, method="dot", input_feeding=False):
        super().__init__()
        self.method, self.input_feeding = method, input_feeding
        self.embedding = nn.Embedding(V, n_in)
        self.cell = nn.GRUCell(n_in + D if input_feeding else n_in, D)
        self.W_a = {"dot": None, "general": start(D, D), "concat": start(D, 2 * D)}[method]
        self.v_a = start(D) if method == "concat" else None
        self.W_c = start(D, 2 * D)
        self.out = nn.Linear(D, V)

    def step(self, y, state, memory, mask):
        h, h_tilde = state
        x = self.embedding(y)
        if self.input_feeding:
            x = torch.cat([x, h_tilde], dim=1)
        h = self.cell(x, h)
        W = (self.W_a, self.v_a) if self.method == "concat" else self.W_a
        alpha = masked_softmax(luong_score(h, memory, self.method, W), mask)
        c = context(alpha, memory)
        h_tilde = torch.tanh(torch.cat([c, h], dim=1) @ self.W_c.T)
        return torch.softmax(self.out(h_tilde), dim=1), (h, h_tilde), alpha


# %% wrong="LuongDecoder" name="the old pair returned" says="The pair that came in goes out again: the decoder never moves."
class LuongDecoder(nn.Module):
    def __init__(self, V, n_in, D, method="dot", input_feeding=False):
        super().__init__()
        self.method, self.input_feeding = method, input_feeding
        self.embedding = nn.Embedding(V, n_in)
        self.cell = nn.GRUCell(n_in + D if input_feeding else n_in, D)
        self.W_a = {"dot": None, "general": start(D, D), "concat": start(D, 2 * D)}[method]
        self.v_a = start(D) if method == "concat" else None
        self.W_c = start(D, 2 * D)
        self.out = nn.Linear(D, V)

    def step(self, y, state, memory, mask):
        h, h_tilde = state
        x = self.embedding(y)
        if self.input_feeding:
            x = torch.cat([x, h_tilde], dim=1)
        h = self.cell(x, h)
        W = (self.W_a, self.v_a) if self.method == "concat" else self.W_a
        alpha = masked_softmax(luong_score(h, memory, self.method, W), mask)
        c = context(alpha, memory)
        h_tilde = torch.tanh(torch.cat([c, h], dim=1) @ self.W_c.T)
        return self.out(h_tilde), state, alpha


# %% wrong="LuongDecoder" name="the old h returned" says="h of the step before is returned with the new h_tilde: the GRU never moves on."
class LuongDecoder(nn.Module):
    def __init__(self, V, n_in, D, method="dot", input_feeding=False):
        super().__init__()
        self.method, self.input_feeding = method, input_feeding
        self.embedding = nn.Embedding(V, n_in)
        self.cell = nn.GRUCell(n_in + D if input_feeding else n_in, D)
        self.W_a = {"dot": None, "general": start(D, D), "concat": start(D, 2 * D)}[method]
        self.v_a = start(D) if method == "concat" else None
        self.W_c = start(D, 2 * D)
        self.out = nn.Linear(D, V)

    def step(self, y, state, memory, mask):
        h, h_tilde = state
        x = self.embedding(y)
        if self.input_feeding:
            x = torch.cat([x, h_tilde], dim=1)
        h = self.cell(x, h)
        W = (self.W_a, self.v_a) if self.method == "concat" else self.W_a
        alpha = masked_softmax(luong_score(h, memory, self.method, W), mask)
        c = context(alpha, memory)
        h_tilde = torch.tanh(torch.cat([c, h], dim=1) @ self.W_c.T)
        return self.out(h_tilde), (state[0], h_tilde), alpha


# %% wrong="LuongDecoder" name="the old h_tilde returned" says="h_tilde of the step before is returned, so input feeding feeds the same zeros for ever."
class LuongDecoder(nn.Module):
    def __init__(self, V, n_in, D, method="dot", input_feeding=False):
        super().__init__()
        self.method, self.input_feeding = method, input_feeding
        self.embedding = nn.Embedding(V, n_in)
        self.cell = nn.GRUCell(n_in + D if input_feeding else n_in, D)
        self.W_a = {"dot": None, "general": start(D, D), "concat": start(D, 2 * D)}[method]
        self.v_a = start(D) if method == "concat" else None
        self.W_c = start(D, 2 * D)
        self.out = nn.Linear(D, V)

    def step(self, y, state, memory, mask):
        h, h_tilde = state
        x = self.embedding(y)
        if self.input_feeding:
            x = torch.cat([x, h_tilde], dim=1)
        h = self.cell(x, h)
        W = (self.W_a, self.v_a) if self.method == "concat" else self.W_a
        alpha = masked_softmax(luong_score(h, memory, self.method, W), mask)
        c = context(alpha, memory)
        h_tilde = torch.tanh(torch.cat([c, h], dim=1) @ self.W_c.T)
        return self.out(h_tilde), (h, state[1]), alpha


# %% wrong="LuongDecoder" name="the pair exchanged" says="The pair comes back as (h_tilde, h): the next step takes one for the other."
class LuongDecoder(nn.Module):
    def __init__(self, V, n_in, D, method="dot", input_feeding=False):
        super().__init__()
        self.method, self.input_feeding = method, input_feeding
        self.embedding = nn.Embedding(V, n_in)
        self.cell = nn.GRUCell(n_in + D if input_feeding else n_in, D)
        self.W_a = {"dot": None, "general": start(D, D), "concat": start(D, 2 * D)}[method]
        self.v_a = start(D) if method == "concat" else None
        self.W_c = start(D, 2 * D)
        self.out = nn.Linear(D, V)

    def step(self, y, state, memory, mask):
        h, h_tilde = state
        x = self.embedding(y)
        if self.input_feeding:
            x = torch.cat([x, h_tilde], dim=1)
        h = self.cell(x, h)
        W = (self.W_a, self.v_a) if self.method == "concat" else self.W_a
        alpha = masked_softmax(luong_score(h, memory, self.method, W), mask)
        c = context(alpha, memory)
        h_tilde = torch.tanh(torch.cat([c, h], dim=1) @ self.W_c.T)
        return self.out(h_tilde), (h_tilde, h), alpha


# %% wrong="LuongDecoder" name="always dot" says="The method is not used: every decoder asks with dot."
class LuongDecoder(nn.Module):
    def __init__(self, V, n_in, D, method="dot", input_feeding=False):
        super().__init__()
        self.method, self.input_feeding = method, input_feeding
        self.embedding = nn.Embedding(V, n_in)
        self.cell = nn.GRUCell(n_in + D if input_feeding else n_in, D)
        self.W_a = {"dot": None, "general": start(D, D), "concat": start(D, 2 * D)}[method]
        self.v_a = start(D) if method == "concat" else None
        self.W_c = start(D, 2 * D)
        self.out = nn.Linear(D, V)

    def step(self, y, state, memory, mask):
        h, h_tilde = state
        x = self.embedding(y)
        if self.input_feeding:
            x = torch.cat([x, h_tilde], dim=1)
        h = self.cell(x, h)
        W = (self.W_a, self.v_a) if self.method == "concat" else self.W_a
        alpha = masked_softmax(luong_score(h, memory, "dot"), mask)
        c = context(alpha, memory)
        h_tilde = torch.tanh(torch.cat([c, h], dim=1) @ self.W_c.T)
        return self.out(h_tilde), (h, h_tilde), alpha


# %% wrong="LuongDecoder" name="concat as general" says="For concat the decoder uses general with the left half of W_a."
class LuongDecoder(nn.Module):
    def __init__(self, V, n_in, D, method="dot", input_feeding=False):
        super().__init__()
        self.method, self.input_feeding = method, input_feeding
        self.embedding = nn.Embedding(V, n_in)
        self.cell = nn.GRUCell(n_in + D if input_feeding else n_in, D)
        self.W_a = {"dot": None, "general": start(D, D), "concat": start(D, 2 * D)}[method]
        self.v_a = start(D) if method == "concat" else None
        self.W_c = start(D, 2 * D)
        self.out = nn.Linear(D, V)

    def step(self, y, state, memory, mask):
        h, h_tilde = state
        x = self.embedding(y)
        if self.input_feeding:
            x = torch.cat([x, h_tilde], dim=1)
        h = self.cell(x, h)
        W = self.W_a
        if self.method == "concat":
            W = W[:, : h.shape[1]] * self.v_a
        alpha = masked_softmax(luong_score(h, memory, "general" if W is not None else "dot", W), mask)
        c = context(alpha, memory)
        h_tilde = torch.tanh(torch.cat([c, h], dim=1) @ self.W_c.T)
        return self.out(h_tilde), (h, h_tilde), alpha


# %% wrong="LuongDecoder" name="input feeding ignored" says="The option changes nothing: the old h_tilde never reaches the GRU."
class LuongDecoder(nn.Module):
    def __init__(self, V, n_in, D, method="dot", input_feeding=False):
        super().__init__()
        self.method, self.input_feeding = method, input_feeding
        self.embedding = nn.Embedding(V, n_in)
        self.cell = nn.GRUCell(n_in + D if input_feeding else n_in, D)
        self.W_a = {"dot": None, "general": start(D, D), "concat": start(D, 2 * D)}[method]
        self.v_a = start(D) if method == "concat" else None
        self.W_c = start(D, 2 * D)
        self.out = nn.Linear(D, V)

    def step(self, y, state, memory, mask):
        h, h_tilde = state
        x = self.embedding(y)
        if self.input_feeding:
            x = torch.cat([x, torch.zeros_like(h_tilde)], dim=1)
        h = self.cell(x, h)
        W = (self.W_a, self.v_a) if self.method == "concat" else self.W_a
        alpha = masked_softmax(luong_score(h, memory, self.method, W), mask)
        c = context(alpha, memory)
        h_tilde = torch.tanh(torch.cat([c, h], dim=1) @ self.W_c.T)
        return self.out(h_tilde), (h, h_tilde), alpha


# %% wrong="LuongDecoder" name="always fed" says="The old h_tilde is added to the old state also without input feeding."
class LuongDecoder(nn.Module):
    def __init__(self, V, n_in, D, method="dot", input_feeding=False):
        super().__init__()
        self.method, self.input_feeding = method, input_feeding
        self.embedding = nn.Embedding(V, n_in)
        self.cell = nn.GRUCell(n_in + D if input_feeding else n_in, D)
        self.W_a = {"dot": None, "general": start(D, D), "concat": start(D, 2 * D)}[method]
        self.v_a = start(D) if method == "concat" else None
        self.W_c = start(D, 2 * D)
        self.out = nn.Linear(D, V)

    def step(self, y, state, memory, mask):
        h, h_tilde = state
        x = self.embedding(y)
        if self.input_feeding:
            x = torch.cat([x, h_tilde], dim=1)
        h = self.cell(x, h if self.input_feeding else h + h_tilde)
        W = (self.W_a, self.v_a) if self.method == "concat" else self.W_a
        alpha = masked_softmax(luong_score(h, memory, self.method, W), mask)
        c = context(alpha, memory)
        h_tilde = torch.tanh(torch.cat([c, h], dim=1) @ self.W_c.T)
        return self.out(h_tilde), (h, h_tilde), alpha


# %% wrong="LuongDecoder" name="feeds the old h" says="With input feeding the GRU gets its own old h once more, and not h_tilde."
class LuongDecoder(nn.Module):
    def __init__(self, V, n_in, D, method="dot", input_feeding=False):
        super().__init__()
        self.method, self.input_feeding = method, input_feeding
        self.embedding = nn.Embedding(V, n_in)
        self.cell = nn.GRUCell(n_in + D if input_feeding else n_in, D)
        self.W_a = {"dot": None, "general": start(D, D), "concat": start(D, 2 * D)}[method]
        self.v_a = start(D) if method == "concat" else None
        self.W_c = start(D, 2 * D)
        self.out = nn.Linear(D, V)

    def step(self, y, state, memory, mask):
        h, h_tilde = state
        x = self.embedding(y)
        if self.input_feeding:
            x = torch.cat([x, h], dim=1)
        h = self.cell(x, h)
        W = (self.W_a, self.v_a) if self.method == "concat" else self.W_a
        alpha = masked_softmax(luong_score(h, memory, self.method, W), mask)
        c = context(alpha, memory)
        h_tilde = torch.tanh(torch.cat([c, h], dim=1) @ self.W_c.T)
        return self.out(h_tilde), (h, h_tilde), alpha


# %% wrong="LuongDecoder" name="feeding order" says="h_tilde stands before the embedding; the docstring says embedding, then h_tilde."
class LuongDecoder(nn.Module):
    def __init__(self, V, n_in, D, method="dot", input_feeding=False):
        super().__init__()
        self.method, self.input_feeding = method, input_feeding
        self.embedding = nn.Embedding(V, n_in)
        self.cell = nn.GRUCell(n_in + D if input_feeding else n_in, D)
        self.W_a = {"dot": None, "general": start(D, D), "concat": start(D, 2 * D)}[method]
        self.v_a = start(D) if method == "concat" else None
        self.W_c = start(D, 2 * D)
        self.out = nn.Linear(D, V)

    def step(self, y, state, memory, mask):
        h, h_tilde = state
        x = self.embedding(y)
        if self.input_feeding:
            x = torch.cat([h_tilde, x], dim=1)
        h = self.cell(x, h)
        W = (self.W_a, self.v_a) if self.method == "concat" else self.W_a
        alpha = masked_softmax(luong_score(h, memory, self.method, W), mask)
        c = context(alpha, memory)
        h_tilde = torch.tanh(torch.cat([c, h], dim=1) @ self.W_c.T)
        return self.out(h_tilde), (h, h_tilde), alpha


# %% wrong="LuongDecoder" name="feeding detached" says="The fed vector is detached: no gradient goes back through the earlier looks."
class LuongDecoder(nn.Module):
    def __init__(self, V, n_in, D, method="dot", input_feeding=False):
        super().__init__()
        self.method, self.input_feeding = method, input_feeding
        self.embedding = nn.Embedding(V, n_in)
        self.cell = nn.GRUCell(n_in + D if input_feeding else n_in, D)
        self.W_a = {"dot": None, "general": start(D, D), "concat": start(D, 2 * D)}[method]
        self.v_a = start(D) if method == "concat" else None
        self.W_c = start(D, 2 * D)
        self.out = nn.Linear(D, V)

    def step(self, y, state, memory, mask):
        h, h_tilde = state
        x = self.embedding(y)
        if self.input_feeding:
            x = torch.cat([x, h_tilde.detach()], dim=1)
        h = self.cell(x, h)
        W = (self.W_a, self.v_a) if self.method == "concat" else self.W_a
        alpha = masked_softmax(luong_score(h, memory, self.method, W), mask)
        c = context(alpha, memory)
        h_tilde = torch.tanh(torch.cat([c, h], dim=1) @ self.W_c.T)
        return self.out(h_tilde), (h, h_tilde), alpha


# %% wrong="LuongDecoder" name="h_tilde starts the GRU" says="With input feeding the GRU starts from h_tilde in place of h."
class LuongDecoder(nn.Module):
    def __init__(self, V, n_in, D, method="dot", input_feeding=False):
        super().__init__()
        self.method, self.input_feeding = method, input_feeding
        self.embedding = nn.Embedding(V, n_in)
        self.cell = nn.GRUCell(n_in + D if input_feeding else n_in, D)
        self.W_a = {"dot": None, "general": start(D, D), "concat": start(D, 2 * D)}[method]
        self.v_a = start(D) if method == "concat" else None
        self.W_c = start(D, 2 * D)
        self.out = nn.Linear(D, V)

    def step(self, y, state, memory, mask):
        h, h_tilde = state
        x = self.embedding(y)
        if self.input_feeding:
            x = torch.cat([x, h_tilde], dim=1)
        h = self.cell(x, h_tilde if self.input_feeding else h)
        W = (self.W_a, self.v_a) if self.method == "concat" else self.W_a
        alpha = masked_softmax(luong_score(h, memory, self.method, W), mask)
        c = context(alpha, memory)
        h_tilde = torch.tanh(torch.cat([c, h], dim=1) @ self.W_c.T)
        return self.out(h_tilde), (h, h_tilde), alpha


# %% wrong="LuongDecoder" name="memory detached" says="The memory is detached: the encoder learns nothing from the attention."
class LuongDecoder(nn.Module):
    def __init__(self, V, n_in, D, method="dot", input_feeding=False):
        super().__init__()
        self.method, self.input_feeding = method, input_feeding
        self.embedding = nn.Embedding(V, n_in)
        self.cell = nn.GRUCell(n_in + D if input_feeding else n_in, D)
        self.W_a = {"dot": None, "general": start(D, D), "concat": start(D, 2 * D)}[method]
        self.v_a = start(D) if method == "concat" else None
        self.W_c = start(D, 2 * D)
        self.out = nn.Linear(D, V)

    def step(self, y, state, memory, mask):
        h, h_tilde = state
        x = self.embedding(y)
        if self.input_feeding:
            x = torch.cat([x, h_tilde], dim=1)
        h = self.cell(x, h)
        W = (self.W_a, self.v_a) if self.method == "concat" else self.W_a
        alpha = masked_softmax(luong_score(h, memory.detach(), self.method, W), mask)
        c = context(alpha, memory.detach())
        h_tilde = torch.tanh(torch.cat([c, h], dim=1) @ self.W_c.T)
        return self.out(h_tilde), (h, h_tilde), alpha


# %% wrong="LuongDecoder" name="W_a is no parameter" says="W_a is a plain tensor: the optimizer does not find it, and it never learns."
class LuongDecoder(nn.Module):
    def __init__(self, V, n_in, D, method="dot", input_feeding=False):
        super().__init__()
        self.method, self.input_feeding = method, input_feeding
        self.embedding = nn.Embedding(V, n_in)
        self.cell = nn.GRUCell(n_in + D if input_feeding else n_in, D)
        self.W_a = {"dot": None, "general": start(D, D).data, "concat": start(D, 2 * D).data}[method]
        self.v_a = start(D) if method == "concat" else None
        self.W_c = start(D, 2 * D)
        self.out = nn.Linear(D, V)

    def step(self, y, state, memory, mask):
        h, h_tilde = state
        x = self.embedding(y)
        if self.input_feeding:
            x = torch.cat([x, h_tilde], dim=1)
        h = self.cell(x, h)
        W = (self.W_a, self.v_a) if self.method == "concat" else self.W_a
        alpha = masked_softmax(luong_score(h, memory, self.method, W), mask)
        c = context(alpha, memory)
        h_tilde = torch.tanh(torch.cat([c, h], dim=1) @ self.W_c.T)
        return self.out(h_tilde), (h, h_tilde), alpha


# %% wrong="LuongDecoder" name="a matrix for dot" says="dot has a learned matrix here that nobody uses; it is saved, counted and never learned."
class LuongDecoder(nn.Module):
    def __init__(self, V, n_in, D, method="dot", input_feeding=False):
        super().__init__()
        self.method, self.input_feeding = method, input_feeding
        self.embedding = nn.Embedding(V, n_in)
        self.cell = nn.GRUCell(n_in + D if input_feeding else n_in, D)
        self.W_a = {"dot": start(D, D), "general": start(D, D), "concat": start(D, 2 * D)}[method]
        self.v_a = start(D) if method == "concat" else None
        self.W_c = start(D, 2 * D)
        self.out = nn.Linear(D, V)

    def step(self, y, state, memory, mask):
        h, h_tilde = state
        x = self.embedding(y)
        if self.input_feeding:
            x = torch.cat([x, h_tilde], dim=1)
        h = self.cell(x, h)
        W = (self.W_a, self.v_a) if self.method == "concat" else self.W_a
        alpha = masked_softmax(luong_score(h, memory, self.method, W), mask)
        c = context(alpha, memory)
        h_tilde = torch.tanh(torch.cat([c, h], dim=1) @ self.W_c.T)
        return self.out(h_tilde), (h, h_tilde), alpha


# %% wrong="LuongDecoder" name="weights without gradient" says="The weights are detached: the score never learns where to look."
class LuongDecoder(nn.Module):
    def __init__(self, V, n_in, D, method="dot", input_feeding=False):
        super().__init__()
        self.method, self.input_feeding = method, input_feeding
        self.embedding = nn.Embedding(V, n_in)
        self.cell = nn.GRUCell(n_in + D if input_feeding else n_in, D)
        self.W_a = {"dot": None, "general": start(D, D), "concat": start(D, 2 * D)}[method]
        self.v_a = start(D) if method == "concat" else None
        self.W_c = start(D, 2 * D)
        self.out = nn.Linear(D, V)

    def step(self, y, state, memory, mask):
        h, h_tilde = state
        x = self.embedding(y)
        if self.input_feeding:
            x = torch.cat([x, h_tilde], dim=1)
        h = self.cell(x, h)
        W = (self.W_a, self.v_a) if self.method == "concat" else self.W_a
        alpha = masked_softmax(luong_score(h, memory, self.method, W), mask)
        c = context(alpha.detach(), memory)
        h_tilde = torch.tanh(torch.cat([c, h], dim=1) @ self.W_c.T)
        return self.out(h_tilde), (h, h_tilde), alpha


# %% wrong="LuongDecoder" name="method under another name" says="The method is kept under another name. The docstring lists the attribute `method`, and LocalDecoder in 6.7 reads it."
class LuongDecoder(nn.Module):
    def __init__(self, V, n_in, D, method="dot", input_feeding=False):
        super().__init__()
        self.kind, self.input_feeding = method, input_feeding
        self.embedding = nn.Embedding(V, n_in)
        self.cell = nn.GRUCell(n_in + D if input_feeding else n_in, D)
        self.W_a = {"dot": None, "general": start(D, D), "concat": start(D, 2 * D)}[method]
        self.v_a = start(D) if method == "concat" else None
        self.W_c = start(D, 2 * D)
        self.out = nn.Linear(D, V)

    def step(self, y, state, memory, mask):
        h, h_tilde = state
        x = self.embedding(y)
        if self.input_feeding:
            x = torch.cat([x, h_tilde], dim=1)
        h = self.cell(x, h)
        W = (self.W_a, self.v_a) if self.kind == "concat" else self.W_a
        alpha = masked_softmax(luong_score(h, memory, self.kind, W), mask)
        c = context(alpha, memory)
        h_tilde = torch.tanh(torch.cat([c, h], dim=1) @ self.W_c.T)
        return self.out(h_tilde), (h, h_tilde), alpha


# %% wrong="LuongDecoder" name="input feeding under another name" says="The option is kept under another name. The docstring lists the attribute `input_feeding`."
class LuongDecoder(nn.Module):
    def __init__(self, V, n_in, D, method="dot", input_feeding=False):
        super().__init__()
        self.method, self.feeds = method, input_feeding
        self.embedding = nn.Embedding(V, n_in)
        self.cell = nn.GRUCell(n_in + D if input_feeding else n_in, D)
        self.W_a = {"dot": None, "general": start(D, D), "concat": start(D, 2 * D)}[method]
        self.v_a = start(D) if method == "concat" else None
        self.W_c = start(D, 2 * D)
        self.out = nn.Linear(D, V)

    def step(self, y, state, memory, mask):
        h, h_tilde = state
        x = self.embedding(y)
        if self.feeds:
            x = torch.cat([x, h_tilde], dim=1)
        h = self.cell(x, h)
        W = (self.W_a, self.v_a) if self.method == "concat" else self.W_a
        alpha = masked_softmax(luong_score(h, memory, self.method, W), mask)
        c = context(alpha, memory)
        h_tilde = torch.tanh(torch.cat([c, h], dim=1) @ self.W_c.T)
        return self.out(h_tilde), (h, h_tilde), alpha


# %% wrong="LuongDecoder" name="pads filled with -10000" says="Pads are filled with -10000. Where all real scores are smaller still, the pads take all the weight."
class LuongDecoder(nn.Module):
    def __init__(self, V, n_in, D, method="dot", input_feeding=False):
        super().__init__()
        self.method, self.input_feeding = method, input_feeding
        self.embedding = nn.Embedding(V, n_in)
        self.cell = nn.GRUCell(n_in + D if input_feeding else n_in, D)
        self.W_a = {"dot": None, "general": start(D, D), "concat": start(D, 2 * D)}[method]
        self.v_a = start(D) if method == "concat" else None
        self.W_c = start(D, 2 * D)
        self.out = nn.Linear(D, V)

    def step(self, y, state, memory, mask):
        h, h_tilde = state
        x = self.embedding(y)
        if self.input_feeding:
            x = torch.cat([x, h_tilde], dim=1)
        h = self.cell(x, h)
        W = (self.W_a, self.v_a) if self.method == "concat" else self.W_a
        scores = luong_score(h, memory, self.method, W).masked_fill(~mask, -10000.0)
        alpha = torch.softmax(scores, dim=1).masked_fill(~mask, 0.0)
        c = context(alpha, memory)
        h_tilde = torch.tanh(torch.cat([c, h], dim=1) @ self.W_c.T)
        return self.out(h_tilde), (h, h_tilde), alpha


# %% wrong="LuongDecoder" name="an own softmax with exp" says="exp of a large score is infinite. masked_softmax subtracts the largest score first."
class LuongDecoder(nn.Module):
    def __init__(self, V, n_in, D, method="dot", input_feeding=False):
        super().__init__()
        self.method, self.input_feeding = method, input_feeding
        self.embedding = nn.Embedding(V, n_in)
        self.cell = nn.GRUCell(n_in + D if input_feeding else n_in, D)
        self.W_a = {"dot": None, "general": start(D, D), "concat": start(D, 2 * D)}[method]
        self.v_a = start(D) if method == "concat" else None
        self.W_c = start(D, 2 * D)
        self.out = nn.Linear(D, V)

    def step(self, y, state, memory, mask):
        h, h_tilde = state
        x = self.embedding(y)
        if self.input_feeding:
            x = torch.cat([x, h_tilde], dim=1)
        h = self.cell(x, h)
        W = (self.W_a, self.v_a) if self.method == "concat" else self.W_a
        powers = torch.exp(luong_score(h, memory, self.method, W)) * mask
        alpha = powers / powers.sum(dim=1, keepdim=True).clamp(min=1e-20)
        c = context(alpha, memory)
        h_tilde = torch.tanh(torch.cat([c, h], dim=1) @ self.W_c.T)
        return self.out(h_tilde), (h, h_tilde), alpha


# %% wrong="LuongDecoder" name="pads of the caller's memory set to 0" says="The caller's memory is overwritten at the pads: masked_fill_ writes into it, masked_fill makes a new tensor."
class LuongDecoder(nn.Module):
    def __init__(self, V, n_in, D, method="dot", input_feeding=False):
        super().__init__()
        self.method, self.input_feeding = method, input_feeding
        self.embedding = nn.Embedding(V, n_in)
        self.cell = nn.GRUCell(n_in + D if input_feeding else n_in, D)
        self.W_a = {"dot": None, "general": start(D, D), "concat": start(D, 2 * D)}[method]
        self.v_a = start(D) if method == "concat" else None
        self.W_c = start(D, 2 * D)
        self.out = nn.Linear(D, V)

    def step(self, y, state, memory, mask):
        if not memory.requires_grad:
            memory.masked_fill_(~mask.unsqueeze(-1), 0.0)
        h, h_tilde = state
        x = self.embedding(y)
        if self.input_feeding:
            x = torch.cat([x, h_tilde], dim=1)
        h = self.cell(x, h)
        W = (self.W_a, self.v_a) if self.method == "concat" else self.W_a
        alpha = masked_softmax(luong_score(h, memory, self.method, W), mask)
        c = context(alpha, memory)
        h_tilde = torch.tanh(torch.cat([c, h], dim=1) @ self.W_c.T)
        return self.out(h_tilde), (h, h_tilde), alpha


# %% [markdown]
# ## alignment_from


# %% right="alignment_from" name="two loops"
def alignment_from(alpha, how):
    rows = alpha.tolist()
    links = set()
    if how in ("argmax", "mutual"):
        for t, row in enumerate(rows):
            s = row.index(max(row))
            column = [r[s] for r in rows]
            if row[s] > 0 and (how == "argmax" or column.index(max(column)) == t):
                links.add((t, s))
        return links
    if isinstance(how, str) or how <= 0:
        raise ValueError(f"I do not know how: {how}")
    for t in range(alpha.shape[0]):
        for s in range(alpha.shape[1]):
            if alpha[t, s] >= how:
                links.add((t, s))
    return links


# %% right="alignment_from" name="masks"
def alignment_from(alpha, how):
    alpha = alpha.detach()
    T, S = alpha.shape
    in_row = F.one_hot(alpha.argmax(dim=1), S).bool()
    in_column = F.one_hot(alpha.argmax(dim=0), T).bool().T
    if how == "argmax":
        chosen = in_row
    elif how == "mutual":
        chosen = in_row & in_column
    elif isinstance(how, (int, float)) and how > 0:
        chosen = alpha >= how
    else:
        raise ValueError(f"how = {how!r} is not known")
    return {tuple(link) for link in (chosen & (alpha > 0)).nonzero().tolist()}


# %% wrong="alignment_from" name="no links" says="There are no links at all, whatever the weights are."
def alignment_from(alpha, how):
    return set()


# %% wrong="alignment_from" name="the diagonal" says="The links are the diagonal: the weights are not used."
def alignment_from(alpha, how):
    return {(i, i) for i in range(min(alpha.shape))}


# %% wrong="alignment_from" name="source first" says="The pairs are (source, target); in this course a link is (target, source)."
def alignment_from(alpha, how):
    if isinstance(how, str):
        if how not in ("argmax", "mutual"):
            raise ValueError(f"how is not known: {how}")
        links = enumerate(alpha.argmax(dim=1).tolist())
        if how == "mutual":
            best_row = alpha.argmax(dim=0).tolist()
            links = ((t, s) for t, s in links if best_row[s] == t)
        return {(s, t) for t, s in links if alpha[t, s] > 0}
    if not how > 0:
        raise ValueError(f"how must be above 0, not {how}")
    return {(s, t) for t, s in (alpha >= how).nonzero().tolist()}


# %% wrong="alignment_from" name="number with source first" says="With a number the pairs are (source, target); in this course a link is (target, source)."
def alignment_from(alpha, how):
    if isinstance(how, str):
        if how not in ("argmax", "mutual"):
            raise ValueError(f"how is not known: {how}")
        links = enumerate(alpha.argmax(dim=1).tolist())
        if how == "mutual":
            best_row = alpha.argmax(dim=0).tolist()
            links = ((t, s) for t, s in links if best_row[s] == t)
        return {(t, s) for t, s in links if alpha[t, s] > 0}
    if not how > 0:
        raise ValueError(f"how must be above 0, not {how}")
    return {(s, t) for t, s in (alpha >= how).nonzero().tolist()}


# %% wrong="alignment_from" name="argmax of the columns" says="The largest weight of each column: one link for each source word, not for each target word."
def alignment_from(alpha, how):
    if isinstance(how, str):
        if how not in ("argmax", "mutual"):
            raise ValueError(f"how is not known: {how}")
        links = (
            [(t, s) for s, t in enumerate(alpha.argmax(dim=0).tolist())]
            if how == "argmax"
            else list(enumerate(alpha.argmax(dim=1).tolist()))
        )
        if how == "mutual":
            best_row = alpha.argmax(dim=0).tolist()
            links = ((t, s) for t, s in links if best_row[s] == t)
        return {(t, s) for t, s in links if alpha[t, s] > 0}
    if not how > 0:
        raise ValueError(f"how must be above 0, not {how}")
    return {(t, s) for t, s in (alpha >= how).nonzero().tolist()}


# %% wrong="alignment_from" name="smallest weight" says="argmin finds the word that is looked at least."
def alignment_from(alpha, how):
    if isinstance(how, str):
        if how not in ("argmax", "mutual"):
            raise ValueError(f"how is not known: {how}")
        links = enumerate((alpha.argmin(dim=1) if how == "argmax" else alpha.argmax(dim=1)).tolist())
        if how == "mutual":
            best_row = alpha.argmax(dim=0).tolist()
            links = ((t, s) for t, s in links if best_row[s] == t)
        return {(t, s) for t, s in links if alpha[t, s] > 0}
    if not how > 0:
        raise ValueError(f"how must be above 0, not {how}")
    return {(t, s) for t, s in (alpha >= how).nonzero().tolist()}


# %% wrong="alignment_from" name="counted from one" says="Positions are counted from 1; the gold links count from 0."
def alignment_from(alpha, how):
    if isinstance(how, str):
        if how not in ("argmax", "mutual"):
            raise ValueError(f"how is not known: {how}")
        links = enumerate(alpha.argmax(dim=1).tolist())
        if how == "mutual":
            best_row = alpha.argmax(dim=0).tolist()
            links = ((t, s) for t, s in links if best_row[s] == t)
        return {(t + 1, s + 1) for t, s in links if alpha[t, s] > 0}
    if not how > 0:
        raise ValueError(f"how must be above 0, not {how}")
    return {(t + 1, s + 1) for t, s in (alpha >= how).nonzero().tolist()}


# %% wrong="alignment_from" name="links as tensors" says="The positions are tensors and not ints: such pairs are equal to no gold link."
def alignment_from(alpha, how):
    if isinstance(how, str):
        if how not in ("argmax", "mutual"):
            raise ValueError(f"how is not known: {how}")
        links = enumerate(alpha.argmax(dim=1).tolist())
        if how == "mutual":
            best_row = alpha.argmax(dim=0).tolist()
            links = ((t, s) for t, s in links if best_row[s] == t)
        return {(torch.tensor(t), torch.tensor(s)) for t, s in links if alpha[t, s] > 0}
    if not how > 0:
        raise ValueError(f"how must be above 0, not {how}")
    return {(t, s) for t, s in (alpha >= how).nonzero()}


# %% wrong="alignment_from" name="a list" says="A list comes back; with a set, the links can be compared with & and -."
def alignment_from(alpha, how):
    if isinstance(how, str):
        if how not in ("argmax", "mutual"):
            raise ValueError(f"how is not known: {how}")
        links = enumerate(alpha.argmax(dim=1).tolist())
        if how == "mutual":
            best_row = alpha.argmax(dim=0).tolist()
            links = ((t, s) for t, s in links if best_row[s] == t)
        return [(t, s) for t, s in links if alpha[t, s] > 0]
    if not how > 0:
        raise ValueError(f"how must be above 0, not {how}")
    return [(t, s) for t, s in (alpha >= how).nonzero().tolist()]


# %% wrong="alignment_from" name="last of equal weights" says="Of equal weights the last one is taken; the docstring says the first."
def alignment_from(alpha, how):
    if isinstance(how, str):
        if how not in ("argmax", "mutual"):
            raise ValueError(f"how is not known: {how}")
        links = enumerate((alpha.shape[1] - 1 - alpha.flip(1).argmax(dim=1)).tolist())
        if how == "mutual":
            best_row = alpha.argmax(dim=0).tolist()
            links = ((t, s) for t, s in links if best_row[s] == t)
        return {(t, s) for t, s in links if alpha[t, s] > 0}
    if not how > 0:
        raise ValueError(f"how must be above 0, not {how}")
    return {(t, s) for t, s in (alpha >= how).nonzero().tolist()}


# %% wrong="alignment_from" name="all equal weights" says="Every word with the largest weight gets a link; the docstring says the first one only."
def alignment_from(alpha, how):
    if isinstance(how, str):
        if how not in ("argmax", "mutual"):
            raise ValueError(f"how is not known: {how}")
        links = [(t, s) for t, s in (alpha == alpha.amax(dim=1, keepdim=True)).nonzero().tolist()]
        if how == "mutual":
            best_row = alpha.argmax(dim=0).tolist()
            links = ((t, s) for t, s in links if best_row[s] == t)
        return {(t, s) for t, s in links if alpha[t, s] > 0}
    if not how > 0:
        raise ValueError(f"how must be above 0, not {how}")
    return {(t, s) for t, s in (alpha >= how).nonzero().tolist()}


# %% wrong="alignment_from" name="mutual is argmax" says="mutual does not look at the columns: it is argmax under another name."
def alignment_from(alpha, how):
    if isinstance(how, str):
        if how not in ("argmax", "mutual"):
            raise ValueError(f"how is not known: {how}")
        links = enumerate(alpha.argmax(dim=1).tolist())
        if how == "mutual":
            best_row = alpha.argmax(dim=0).tolist()
            links = links
        return {(t, s) for t, s in links if alpha[t, s] > 0}
    if not how > 0:
        raise ValueError(f"how must be above 0, not {how}")
    return {(t, s) for t, s in (alpha >= how).nonzero().tolist()}


# %% wrong="alignment_from" name="mutual is a union" says="The best of each row or of each column: one of the two is enough here, but both must hold."
def alignment_from(alpha, how):
    if isinstance(how, str):
        if how not in ("argmax", "mutual"):
            raise ValueError(f"how is not known: {how}")
        links = enumerate(alpha.argmax(dim=1).tolist())
        if how == "mutual":
            best_row = alpha.argmax(dim=0).tolist()
            links = list(links) + [(t, s) for s, t in enumerate(best_row)]
        return {(t, s) for t, s in links if alpha[t, s] > 0}
    if not how > 0:
        raise ValueError(f"how must be above 0, not {how}")
    return {(t, s) for t, s in (alpha >= how).nonzero().tolist()}


# %% wrong="alignment_from" name="mutual by columns only" says="The best row of each column; the rows are not asked."
def alignment_from(alpha, how):
    if isinstance(how, str):
        if how not in ("argmax", "mutual"):
            raise ValueError(f"how is not known: {how}")
        links = enumerate(alpha.argmax(dim=1).tolist())
        if how == "mutual":
            best_row = alpha.argmax(dim=0).tolist()
            links = ((t, s) for s, t in enumerate(best_row))
        return {(t, s) for t, s in links if alpha[t, s] > 0}
    if not how > 0:
        raise ValueError(f"how must be above 0, not {how}")
    return {(t, s) for t, s in (alpha >= how).nonzero().tolist()}


# %% wrong="alignment_from" name="above and not at least" says="A weight that is equal to the number must count, too."
def alignment_from(alpha, how):
    if isinstance(how, str):
        if how not in ("argmax", "mutual"):
            raise ValueError(f"how is not known: {how}")
        links = enumerate(alpha.argmax(dim=1).tolist())
        if how == "mutual":
            best_row = alpha.argmax(dim=0).tolist()
            links = ((t, s) for t, s in links if best_row[s] == t)
        return {(t, s) for t, s in links if alpha[t, s] > 0}
    if not how > 0:
        raise ValueError(f"how must be above 0, not {how}")
    return {(t, s) for t, s in (alpha > how).nonzero().tolist()}


# %% wrong="alignment_from" name="below the number" says="These are the weights below the number: the places where the model does not look."
def alignment_from(alpha, how):
    if isinstance(how, str):
        if how not in ("argmax", "mutual"):
            raise ValueError(f"how is not known: {how}")
        links = enumerate(alpha.argmax(dim=1).tolist())
        if how == "mutual":
            best_row = alpha.argmax(dim=0).tolist()
            links = ((t, s) for t, s in links if best_row[s] == t)
        return {(t, s) for t, s in links if alpha[t, s] > 0}
    if not how > 0:
        raise ValueError(f"how must be above 0, not {how}")
    return {(t, s) for t, s in (alpha <= how).nonzero().tolist()}


# %% wrong="alignment_from" name="one link a row above the number" says="Only the largest weight of a row is compared with the number; every weight that reaches it is a link."
def alignment_from(alpha, how):
    if isinstance(how, str):
        if how not in ("argmax", "mutual"):
            raise ValueError(f"how is not known: {how}")
        links = enumerate(alpha.argmax(dim=1).tolist())
        if how == "mutual":
            best_row = alpha.argmax(dim=0).tolist()
            links = ((t, s) for t, s in links if best_row[s] == t)
        return {(t, s) for t, s in links if alpha[t, s] > 0}
    if not how > 0:
        raise ValueError(f"how must be above 0, not {how}")
    return {(t, s) for t, s in enumerate(alpha.argmax(dim=1).tolist()) if alpha[t, s] >= how}


# %% wrong="alignment_from" name="number is a share of the largest" says="The number is taken as a share of the largest weight of the row."
def alignment_from(alpha, how):
    if isinstance(how, str):
        if how not in ("argmax", "mutual"):
            raise ValueError(f"how is not known: {how}")
        links = enumerate(alpha.argmax(dim=1).tolist())
        if how == "mutual":
            best_row = alpha.argmax(dim=0).tolist()
            links = ((t, s) for t, s in links if best_row[s] == t)
        return {(t, s) for t, s in links if alpha[t, s] > 0}
    if not how > 0:
        raise ValueError(f"how must be above 0, not {how}")
    return {(t, s) for t, s in (alpha >= how * alpha.amax(dim=1, keepdim=True)).nonzero().tolist()}


# %% wrong="alignment_from" name="number is always 0.3" says="The number of the caller is not used."
def alignment_from(alpha, how):
    if isinstance(how, str):
        if how not in ("argmax", "mutual"):
            raise ValueError(f"how is not known: {how}")
        links = enumerate(alpha.argmax(dim=1).tolist())
        if how == "mutual":
            best_row = alpha.argmax(dim=0).tolist()
            links = ((t, s) for t, s in links if best_row[s] == t)
        return {(t, s) for t, s in links if alpha[t, s] > 0}
    if not how > 0:
        raise ValueError(f"how must be above 0, not {how}")
    return {(t, s) for t, s in (alpha >= 0.3).nonzero().tolist()}


# %% wrong="alignment_from" name="a link for a row of zeros" says="A row of zeros looked at nothing, and gets a link to the first word all the same."
def alignment_from(alpha, how):
    if isinstance(how, str):
        if how not in ("argmax", "mutual"):
            raise ValueError(f"how is not known: {how}")
        links = enumerate(alpha.argmax(dim=1).tolist())
        if how == "mutual":
            best_row = alpha.argmax(dim=0).tolist()
            links = ((t, s) for t, s in links if best_row[s] == t)
        return set(links)
    if not how > 0:
        raise ValueError(f"how must be above 0, not {how}")
    return {(t, s) for t, s in (alpha >= how).nonzero().tolist()}


# %% wrong="alignment_from" name="unknown how is argmax" says="Every unknown word is taken for argmax: a typing mistake goes unseen."
def alignment_from(alpha, how):
    if isinstance(how, str):
        if how not in ("argmax", "mutual"):
            how = "argmax"
        links = enumerate(alpha.argmax(dim=1).tolist())
        if how == "mutual":
            best_row = alpha.argmax(dim=0).tolist()
            links = ((t, s) for t, s in links if best_row[s] == t)
        return {(t, s) for t, s in links if alpha[t, s] > 0}
    if not how > 0:
        raise ValueError(f"how must be above 0, not {how}")
    return {(t, s) for t, s in (alpha >= how).nonzero().tolist()}


# %% wrong="alignment_from" name="number not checked" says="With a number of 0 or less everything becomes a link; the docstring promises a ValueError."
def alignment_from(alpha, how):
    if isinstance(how, str):
        if how not in ("argmax", "mutual"):
            raise ValueError(f"how is not known: {how}")
        links = enumerate(alpha.argmax(dim=1).tolist())
        if how == "mutual":
            best_row = alpha.argmax(dim=0).tolist()
            links = ((t, s) for t, s in links if best_row[s] == t)
        return {(t, s) for t, s in links if alpha[t, s] > 0}
    return {(t, s) for t, s in (alpha >= how).nonzero().tolist()}


# %% wrong="alignment_from" name="weights changed" says="Small weights are set to 0 in the caller's tensor."
def alignment_from(alpha, how):
    if not alpha.requires_grad:
        alpha[alpha < 0.05] = 0
    if isinstance(how, str):
        if how not in ("argmax", "mutual"):
            raise ValueError(f"how is not known: {how}")
        links = enumerate(alpha.argmax(dim=1).tolist())
        if how == "mutual":
            best_row = alpha.argmax(dim=0).tolist()
            links = ((t, s) for t, s in links if best_row[s] == t)
        return {(t, s) for t, s in links if alpha[t, s] > 0}
    if not how > 0:
        raise ValueError(f"how must be above 0, not {how}")
    return {(t, s) for t, s in (alpha >= how).nonzero().tolist()}


# %% wrong="alignment_from" name="mutual with all equal weights" says="Every word with the largest weight of its row and column gets a link; of equal weights only the first is the largest."
def alignment_from(alpha, how):
    if isinstance(how, str):
        if how not in ("argmax", "mutual"):
            raise ValueError(f"alignment_from: how is argmax, mutual or a number, not {how!r}")
        links = enumerate(alpha.argmax(dim=1).tolist())
        if how == "mutual":
            largest = (alpha == alpha.amax(dim=1, keepdim=True)) & (alpha == alpha.amax(dim=0, keepdim=True))
            links = largest.nonzero().tolist()
        return {(t, s) for t, s in links if alpha[t, s] > 0}
    if not how > 0:
        raise ValueError(f"alignment_from: how must be above 0, not {how}")
    return {(t, s) for t, s in (alpha >= how).nonzero().tolist()}


# %% wrong="alignment_from" name="mutual with an equal weight above" says="A word counts that is as large as the largest of its column, also where an equal one stands above it: the first is the largest."
def alignment_from(alpha, how):
    if isinstance(how, str):
        if how not in ("argmax", "mutual"):
            raise ValueError(f"alignment_from: how is argmax, mutual or a number, not {how!r}")
        links = enumerate(alpha.argmax(dim=1).tolist())
        if how == "mutual":
            links = ((t, s) for t, s in links if alpha[t, s] >= alpha[:, s].max())
        return {(t, s) for t, s in links if alpha[t, s] > 0}
    if not how > 0:
        raise ValueError(f"alignment_from: how must be above 0, not {how}")
    return {(t, s) for t, s in (alpha >= how).nonzero().tolist()}


# %% wrong="alignment_from" name="compared with is" says="`how is 'mutual'` asks whether both are the same object. Texts are compared with ==."
def alignment_from(alpha, how):
    mutual = "mutual"
    if how is mutual or how == "argmax":
        links = enumerate(alpha.argmax(dim=1).tolist())
        if how is mutual:
            best_row = alpha.argmax(dim=0).tolist()
            links = ((t, s) for t, s in links if best_row[s] == t)
        return {(t, s) for t, s in links if alpha[t, s] > 0}
    if isinstance(how, str) or not how > 0:
        raise ValueError(f"alignment_from: how is argmax, mutual or a number above 0, not {how!r}")
    return {(t, s) for t, s in (alpha >= how).nonzero().tolist()}


# %% wrong="alignment_from" name="numbers above 1 refused" says="A number above 1 gets an error. It is above 0, so it is allowed: no weight reaches it, and there is no link."
def alignment_from(alpha, how):
    if isinstance(how, str):
        if how not in ("argmax", "mutual"):
            raise ValueError(f"alignment_from: how is argmax, mutual or a number, not {how!r}")
        links = enumerate(alpha.argmax(dim=1).tolist())
        if how == "mutual":
            best_row = alpha.argmax(dim=0).tolist()
            links = ((t, s) for t, s in links if best_row[s] == t)
        return {(t, s) for t, s in links if alpha[t, s] > 0}
    if not how > 0 or how > 1:
        raise ValueError(f"alignment_from: how must be above 0, not {how}")
    return {(t, s) for t, s in (alpha >= how).nonzero().tolist()}


# %% wrong="alignment_from" name="small weights are no links" says="A small weight is taken for 0. Only a weight of exactly 0 is never a link."
def alignment_from(alpha, how):
    if isinstance(how, str):
        if how not in ("argmax", "mutual"):
            raise ValueError(f"alignment_from: how is argmax, mutual or a number, not {how!r}")
        links = enumerate(alpha.argmax(dim=1).tolist())
        if how == "mutual":
            best_row = alpha.argmax(dim=0).tolist()
            links = ((t, s) for t, s in links if best_row[s] == t)
        return {(t, s) for t, s in links if alpha[t, s] > 1e-6}
    if not how > 0:
        raise ValueError(f"alignment_from: how must be above 0, not {how}")
    return {(t, s) for t, s in (alpha >= how).nonzero().tolist()}


# %% wrong="alignment_from" name="capitals forgiven" says="Capital letters are made small, so 'Argmax' passes. Only exactly argmax and mutual are known."
def alignment_from(alpha, how):
    if isinstance(how, str):
        if how.lower() not in ("argmax", "mutual"):
            raise ValueError(f"alignment_from: how is argmax, mutual or a number, not {how!r}")
        links = enumerate(alpha.argmax(dim=1).tolist())
        if how.lower() == "mutual":
            best_row = alpha.argmax(dim=0).tolist()
            links = ((t, s) for t, s in links if best_row[s] == t)
        return {(t, s) for t, s in links if alpha[t, s] > 0}
    if not how > 0:
        raise ValueError(f"alignment_from: how must be above 0, not {how}")
    return {(t, s) for t, s in (alpha >= how).nonzero().tolist()}


# %% wrong="alignment_from" name="undecided rows have no link" says="A row with two largest weights gets no link. Of equal weights the first is the largest."
def alignment_from(alpha, how):
    rows, columns = alpha.tolist(), alpha.T.tolist()
    if how == "argmax":
        return {(t, row.index(max(row))) for t, row in enumerate(rows) if row.count(max(row)) == 1 and max(row) > 0}
    if how == "mutual":
        links = [(t, row.index(max(row))) for t, row in enumerate(rows)]
        return {(t, s) for t, s in links if rows[t][s] > 0 and columns[s].index(max(columns[s])) == t}
    if isinstance(how, str) or not how > 0:
        raise ValueError(f"alignment_from: how is argmax, mutual or a number above 0, not {how!r}")
    return {(t, s) for t, s in (alpha >= how).nonzero().tolist()}


# %% [markdown]
# ## aer


# %% right="aer" name="counting in a loop"
def aer(alignment, sure, possible):
    if len(sure - possible) > 0:
        raise ValueError("some sure links are not among the possible ones")
    hits = 0
    for link in alignment:
        hits += (link in sure) + (link in possible)
    total = len(alignment) + len(sure)
    return 1.0 - hits / total if total else 0.0


# %% right="aer" name="errors over the total"
def aer(alignment, sure, possible):
    if not possible.issuperset(sure):
        raise ValueError("possible must hold all the sure links")
    missed = len(sure.difference(alignment))
    extra = len(alignment.difference(possible))
    return (missed + extra) / max(1, len(alignment) + len(sure))


# %% wrong="aer" name="zero" says="Every alignment is perfect: nothing is compared."
def aer(alignment, sure, possible):
    if not sure <= possible:
        raise ValueError("a sure link is not possible")
    if not alignment and not sure:
        return 0.0
    return 0.0


# %% wrong="aer" name="one" says="Every alignment is all wrong: nothing is compared."
def aer(alignment, sure, possible):
    if not sure <= possible:
        raise ValueError("a sure link is not possible")
    if not alignment and not sure:
        return 0.0
    return 1.0


# %% wrong="aer" name="recall only" says="Only recall is used: a model that links everything to everything would be perfect."
def aer(alignment, sure, possible):
    if not sure <= possible:
        raise ValueError("a sure link is not possible")
    if not alignment and not sure:
        return 0.0
    return 1 - len(alignment & sure) / max(1, len(sure))


# %% wrong="aer" name="precision only" says="Only precision is used: a model with one safe link would be perfect."
def aer(alignment, sure, possible):
    if not sure <= possible:
        raise ValueError("a sure link is not possible")
    if not alignment and not sure:
        return 0.0
    return 1 - len(alignment & possible) / max(1, len(alignment))


# %% wrong="aer" name="S and P swapped" says="Sure and possible are exchanged: the numerator is the same, but the possible links are counted below the line, as if all had to be found."
def aer(alignment, sure, possible):
    if not sure <= possible:
        raise ValueError("a sure link is not possible")
    if not alignment and not sure:
        return 0.0
    return 1 - (len(alignment & possible) + len(alignment & sure)) / (len(alignment) + len(possible))


# %% wrong="aer" name="sure only" says="The possible links are not used: a link that is allowed counts as an error."
def aer(alignment, sure, possible):
    if not sure <= possible:
        raise ValueError("a sure link is not possible")
    if not alignment and not sure:
        return 0.0
    return 1 - 2 * len(alignment & sure) / (len(alignment) + len(sure))


# %% wrong="aer" name="possible only" says="The possible links are counted in place of the sure ones: every possible link counts twice."
def aer(alignment, sure, possible):
    if not sure <= possible:
        raise ValueError("a sure link is not possible")
    if not alignment and not sure:
        return 0.0
    return 1 - 2 * len(alignment & possible) / (len(alignment) + len(sure))


# %% wrong="aer" name="one minus forgotten" says="This is a rate of agreement: 1 is best. The error is 1 minus it."
def aer(alignment, sure, possible):
    if not sure <= possible:
        raise ValueError("a sure link is not possible")
    if not alignment and not sure:
        return 0.0
    return (len(alignment & sure) + len(alignment & possible)) / (len(alignment) + len(sure))


# %% wrong="aer" name="possible counts once" says="A sure link counts once in the numerator but the denominator counts both sets: even the gold alignment would have an error."
def aer(alignment, sure, possible):
    if not sure <= possible:
        raise ValueError("a sure link is not possible")
    if not alignment and not sure:
        return 0.0
    return 1 - len(alignment & possible) / (len(alignment) + len(sure))


# %% wrong="aer" name="one minus F with sure links" says="The harmonic mean of precision and recall, both times 1 minus: where S and P differ this is another number."
def aer(alignment, sure, possible):
    if not sure <= possible:
        raise ValueError("a sure link is not possible")
    if not alignment and not sure:
        return 0.0
    return 1 - 2 * len(alignment & possible) * len(alignment & sure) / max(
        1e-9, len(alignment & possible) * len(sure) + len(alignment & sure) * len(alignment)
    )


# %% wrong="aer" name="mean of precision and recall" says="The mean of precision and recall weighs both alike, however many links there are; the AER adds the counts first."
def aer(alignment, sure, possible):
    if not sure <= possible:
        raise ValueError("a sure link is not possible")
    if not alignment and not sure:
        return 0.0
    return 1 - (len(alignment & possible) / max(1, len(alignment)) + len(alignment & sure) / max(1, len(sure))) / 2


# %% wrong="aer" name="union below the line" says="The denominator is the size of the union; the AER adds the two sizes."
def aer(alignment, sure, possible):
    if not sure <= possible:
        raise ValueError("a sure link is not possible")
    if not alignment and not sure:
        return 0.0
    return 1 - (len(alignment & sure) + len(alignment & possible)) / max(1, len(alignment | sure))


# %% wrong="aer" name="Jaccard" says="Intersection over union with the possible links: a known measure, but not this one."
def aer(alignment, sure, possible):
    if not sure <= possible:
        raise ValueError("a sure link is not possible")
    if not alignment and not sure:
        return 0.0
    return 1 - len(alignment & possible) / max(1, len(alignment | possible))


# %% wrong="aer" name="error counts" says="The number of wrong and missing links: it is not divided by anything."
def aer(alignment, sure, possible):
    if not sure <= possible:
        raise ValueError("a sure link is not possible")
    if not alignment and not sure:
        return 0.0
    return len(alignment - possible) + len(sure - alignment)


# %% wrong="aer" name="in percent" says="The rate is given in percent; the docstring says from 0 to 1."
def aer(alignment, sure, possible):
    if not sure <= possible:
        raise ValueError("a sure link is not possible")
    if not alignment and not sure:
        return 0.0
    return 100 * (1 - (len(alignment & sure) + len(alignment & possible)) / (len(alignment) + len(sure)))


# %% wrong="aer" name="whole numbers" says="// cuts the fraction off: every rate is 0 or 1."
def aer(alignment, sure, possible):
    if not sure <= possible:
        raise ValueError("a sure link is not possible")
    if not alignment and not sure:
        return 0.0
    return 1 - (len(alignment & sure) + len(alignment & possible)) // (len(alignment) + len(sure))


# %% wrong="aer" name="wrong links only" says="Only wrong links are errors here; a sure link that is missing costs nothing."
def aer(alignment, sure, possible):
    if not sure <= possible:
        raise ValueError("a sure link is not possible")
    if not alignment and not sure:
        return 0.0
    return len(alignment - possible) / (len(alignment) + len(sure))


# %% wrong="aer" name="turned round" says="The links of the model are turned round first, as if they were (source, target)."
def aer(alignment, sure, possible):
    if not sure <= possible:
        raise ValueError("a sure link is not possible")
    if not alignment and not sure:
        return 0.0
    return 1 - (len({(s, t) for t, s in alignment} & sure) + len({(s, t) for t, s in alignment} & possible)) / (
        len(alignment) + len(sure)
    )


# %% wrong="aer" name="empty not settled" says="Without links and sure ones this is 0 / 0: a ZeroDivisionError."
def aer(alignment, sure, possible):
    if not sure <= possible:
        raise ValueError("a sure link is not possible")
    return 1 - (len(alignment & sure) + len(alignment & possible)) / (len(alignment) + len(sure))


# %% wrong="aer" name="empty asks for possible" says="The special case asks whether anything is possible. It must ask for sure links: the formula divides by |A| + |sure|, whatever is possible."
def aer(alignment, sure, possible):
    if not sure <= possible:
        raise ValueError("a sure link is not possible")
    if not alignment and not possible:
        return 0.0
    return 1 - (len(alignment & sure) + len(alignment & possible)) / (len(alignment) + len(sure))


# %% wrong="aer" name="empty is one" says="Nothing to find and nothing claimed is no error: 0."
def aer(alignment, sure, possible):
    if not sure <= possible:
        raise ValueError("a sure link is not possible")
    if not alignment and not sure:
        return 1.0
    return 1 - (len(alignment & sure) + len(alignment & possible)) / (len(alignment) + len(sure))


# %% wrong="aer" name="no links is zero" says="A model without any link found nothing: its error is 1 as soon as there are sure links."
def aer(alignment, sure, possible):
    if not sure <= possible:
        raise ValueError("a sure link is not possible")
    if not alignment:
        return 0.0
    return 1 - (len(alignment & sure) + len(alignment & possible)) / (len(alignment) + len(sure))


# %% wrong="aer" name="no sure links is zero" says="Where nothing is sure, wrong links are still wrong."
def aer(alignment, sure, possible):
    if not sure <= possible:
        raise ValueError("a sure link is not possible")
    if not sure:
        return 0.0
    return 1 - (len(alignment & sure) + len(alignment & possible)) / (len(alignment) + len(sure))


# %% wrong="aer" name="exchanged sets accepted" says="A sure link that is not possible is not noticed: exchanged arguments give a wrong number."
def aer(alignment, sure, possible):
    if not alignment and not sure:
        return 0.0
    return 1 - (len(alignment & sure) + len(alignment & possible)) / (len(alignment) + len(sure))


# %% wrong="aer" name="possible repaired" says="The sure links are added to the possible ones; so exchanged arguments are not noticed."
def aer(alignment, sure, possible):
    possible = possible | sure
    if not alignment and not sure:
        return 0.0
    return 1 - (len(alignment & sure) + len(alignment & possible)) / (len(alignment) + len(sure))


# %% wrong="aer" name="alignment changed" says="alignment &= … keeps only the allowed links in the caller's set."
def aer(alignment, sure, possible):
    if not sure <= possible:
        raise ValueError("a sure link is not possible")
    n, found = len(alignment), len(alignment & sure)
    if not alignment and not sure:
        return 0.0
    if isinstance(alignment, set):
        alignment &= possible
    return 1 - (found + len(alignment & possible)) / (n + len(sure))


# %% wrong="aer" name="strict subset demanded" says="The two sets may be equal: all links are sure then. Only a sure link that is not possible is an error."
def aer(alignment, sure, possible):
    if sure and not sure < possible:
        raise ValueError("a sure link is not possible")
    if not alignment and not sure:
        return 0.0
    return 1 - (len(alignment & sure) + len(alignment & possible)) / (len(alignment) + len(sure))


# %% [markdown]
# ## local_p_window


# %% right="local_p_window" name="row by row"
def local_p_window(scores, p, w):
    if not w > 0:
        raise ValueError("an empty window")
    rows = []
    for b in range(scores.shape[0]):
        weights = torch.zeros(scores.shape[1])
        s = torch.arange(scores.shape[1]).float()
        there = ((s - p[b]).abs() <= w) & ~torch.isinf(scores[b])
        if there.any():
            weights = weights.masked_scatter(there, torch.softmax(scores[b][there], dim=0))
        rows.append(weights * torch.exp(-2 * (s - p[b]) ** 2 / w**2))
    return torch.stack(rows)


# %% right="local_p_window" name="where and a safe sum"
def local_p_window(scores, p, w):
    if w <= 0:
        raise ValueError(f"the window needs a width above 0, not {w}")
    offset = torch.arange(scores.size(1)).unsqueeze(0) - p[:, None]
    keep = torch.logical_and(torch.abs(offset) <= w, scores != float("-inf"))
    clean = torch.where(keep, scores, torch.full_like(scores, -1e30))
    largest = clean.detach().amax(dim=1, keepdim=True)
    powers = torch.where(keep, (clean - largest).exp(), torch.zeros_like(scores))
    total = powers.sum(dim=1, keepdim=True)
    sigma = w / 2
    return powers / total.clamp(min=1e-20) * torch.exp(-0.5 * (offset / sigma).square())


# %% wrong="local_p_window" name="zeros" says="All weights are 0: the decoder looks at nothing."
def local_p_window(scores, p, w):
    if w <= 0:
        raise ValueError(f"half the window must be above 0, not {w}")
    distance = torch.arange(scores.shape[1]) - p.unsqueeze(1)
    mask = (distance.abs() <= w) & (scores > float("-inf"))
    bell = torch.exp(-(distance**2) / (2 * (w / 2) ** 2))
    return torch.zeros_like(scores)


# %% wrong="local_p_window" name="uniform in the window" says="The scores are not used: all words of the window count alike."
def local_p_window(scores, p, w):
    if w <= 0:
        raise ValueError(f"half the window must be above 0, not {w}")
    distance = torch.arange(scores.shape[1]) - p.unsqueeze(1)
    mask = (distance.abs() <= w) & (scores > float("-inf"))
    bell = torch.exp(-(distance**2) / (2 * (w / 2) ** 2))
    return masked_softmax(torch.zeros_like(scores), mask) * bell


# %% wrong="local_p_window" name="window not centred" says="The window begins at p and reaches to p + 2w; it must reach w to both sides."
def local_p_window(scores, p, w):
    if w <= 0:
        raise ValueError(f"half the window must be above 0, not {w}")
    distance = torch.arange(scores.shape[1]) - p.unsqueeze(1)
    mask = (distance >= 0) & (distance <= 2 * w) & (scores > float("-inf"))
    bell = torch.exp(-(distance**2) / (2 * (w / 2) ** 2))
    return masked_softmax(scores, mask) * bell


# %% wrong="local_p_window" name="only the left side" says="Only words before p are in the window."
def local_p_window(scores, p, w):
    if w <= 0:
        raise ValueError(f"half the window must be above 0, not {w}")
    distance = torch.arange(scores.shape[1]) - p.unsqueeze(1)
    mask = (distance <= 0) & (distance >= -w) & (scores > float("-inf"))
    bell = torch.exp(-(distance**2) / (2 * (w / 2) ** 2))
    return masked_softmax(scores, mask) * bell


# %% wrong="local_p_window" name="bell not centred" says="The Gaussian has its top one position after p."
def local_p_window(scores, p, w):
    if w <= 0:
        raise ValueError(f"half the window must be above 0, not {w}")
    distance = torch.arange(scores.shape[1]) - p.unsqueeze(1)
    mask = (distance.abs() <= w) & (scores > float("-inf"))
    bell = torch.exp(-((distance - 1) ** 2) / (2 * (w / 2) ** 2))
    return masked_softmax(scores, mask) * bell


# %% wrong="local_p_window" name="no window" says="All words share the softmax; the window is not used."
def local_p_window(scores, p, w):
    if w <= 0:
        raise ValueError(f"half the window must be above 0, not {w}")
    distance = torch.arange(scores.shape[1]) - p.unsqueeze(1)
    mask = scores > float("-inf")
    bell = torch.exp(-(distance**2) / (2 * (w / 2) ** 2))
    return masked_softmax(scores, mask) * bell


# %% wrong="local_p_window" name="window after the softmax" says="The words outside have already taken their share of the softmax when they are cut off."
def local_p_window(scores, p, w):
    if w <= 0:
        raise ValueError(f"half the window must be above 0, not {w}")
    distance = torch.arange(scores.shape[1]) - p.unsqueeze(1)
    mask = (distance.abs() <= w) & (scores > float("-inf"))
    bell = torch.exp(-(distance**2) / (2 * (w / 2) ** 2))
    return masked_softmax(scores, scores > float("-inf")) * mask * bell


# %% wrong="local_p_window" name="no bell" says="The Gaussian is missing: a window with hard borders, and p has no gradient."
def local_p_window(scores, p, w):
    if w <= 0:
        raise ValueError(f"half the window must be above 0, not {w}")
    distance = torch.arange(scores.shape[1]) - p.unsqueeze(1)
    mask = (distance.abs() <= w) & (scores > float("-inf"))
    bell = torch.exp(-(distance**2) / (2 * (w / 2) ** 2))
    return masked_softmax(scores, mask)


# %% wrong="local_p_window" name="bell only" says="The scores play no part: the weights are the Gaussian."
def local_p_window(scores, p, w):
    if w <= 0:
        raise ValueError(f"half the window must be above 0, not {w}")
    distance = torch.arange(scores.shape[1]) - p.unsqueeze(1)
    mask = (distance.abs() <= w) & (scores > float("-inf"))
    bell = torch.exp(-(distance**2) / (2 * (w / 2) ** 2))
    return bell * mask


# %% wrong="local_p_window" name="made to sum to one" says="The weights sum to 1: they are divided by their sum again, or the exponent of the bell is added to the scores, which is the same. In equation (10) they sum to less."
def local_p_window(scores, p, w):
    if w <= 0:
        raise ValueError(f"half the window must be above 0, not {w}")
    distance = torch.arange(scores.shape[1]) - p.unsqueeze(1)
    mask = (distance.abs() <= w) & (scores > float("-inf"))
    bell = torch.exp(-(distance**2) / (2 * (w / 2) ** 2))
    return (
        masked_softmax(scores, mask)
        * bell
        / (masked_softmax(scores, mask) * bell).sum(dim=1, keepdim=True).clamp(min=1e-9)
    )


# %% wrong="local_p_window" name="bell added to the scores" says="The Gaussian is added to the scores before the softmax: it moves the weights a little, and they sum to 1."
def local_p_window(scores, p, w):
    if w <= 0:
        raise ValueError(f"half the window must be above 0, not {w}")
    distance = torch.arange(scores.shape[1]) - p.unsqueeze(1)
    mask = (distance.abs() <= w) & (scores > float("-inf"))
    bell = torch.exp(-(distance**2) / (2 * (w / 2) ** 2))
    return masked_softmax(scores + bell, mask)


# %% wrong="local_p_window" name="bell times the scores" says="The scores and not the weights are multiplied by the Gaussian."
def local_p_window(scores, p, w):
    if w <= 0:
        raise ValueError(f"half the window must be above 0, not {w}")
    distance = torch.arange(scores.shape[1]) - p.unsqueeze(1)
    mask = (distance.abs() <= w) & (scores > float("-inf"))
    bell = torch.exp(-(distance**2) / (2 * (w / 2) ** 2))
    return masked_softmax(torch.where(mask, scores, torch.zeros_like(scores)) * bell, mask)


# %% wrong="local_p_window" name="sigma is w" says="Sigma is w here; it must be w / 2."
def local_p_window(scores, p, w):
    if w <= 0:
        raise ValueError(f"half the window must be above 0, not {w}")
    distance = torch.arange(scores.shape[1]) - p.unsqueeze(1)
    mask = (distance.abs() <= w) & (scores > float("-inf"))
    bell = torch.exp(-(distance**2) / (2 * w**2))
    return masked_softmax(scores, mask) * bell


# %% wrong="local_p_window" name="two forgotten" says="The 2 in front of sigma squared is missing."
def local_p_window(scores, p, w):
    if w <= 0:
        raise ValueError(f"half the window must be above 0, not {w}")
    distance = torch.arange(scores.shape[1]) - p.unsqueeze(1)
    mask = (distance.abs() <= w) & (scores > float("-inf"))
    bell = torch.exp(-(distance**2) / (w / 2) ** 2)
    return masked_softmax(scores, mask) * bell


# %% wrong="local_p_window" name="sigma not squared" says="Sigma is not squared; where w is 2 nobody sees it."
def local_p_window(scores, p, w):
    if w <= 0:
        raise ValueError(f"half the window must be above 0, not {w}")
    distance = torch.arange(scores.shape[1]) - p.unsqueeze(1)
    mask = (distance.abs() <= w) & (scores > float("-inf"))
    bell = torch.exp(-(distance**2) / (2 * (w / 2)))
    return masked_softmax(scores, mask) * bell


# %% wrong="local_p_window" name="distance not squared" says="The distance is not squared: this curve has a sharp top."
def local_p_window(scores, p, w):
    if w <= 0:
        raise ValueError(f"half the window must be above 0, not {w}")
    distance = torch.arange(scores.shape[1]) - p.unsqueeze(1)
    mask = (distance.abs() <= w) & (scores > float("-inf"))
    bell = torch.exp(-distance.abs() / (2 * (w / 2) ** 2))
    return masked_softmax(scores, mask) * bell


# %% wrong="local_p_window" name="sign missing" says="Without the minus the words far away count most."
def local_p_window(scores, p, w):
    if w <= 0:
        raise ValueError(f"half the window must be above 0, not {w}")
    distance = torch.arange(scores.shape[1]) - p.unsqueeze(1)
    mask = (distance.abs() <= w) & (scores > float("-inf"))
    bell = torch.exp(distance**2 / (2 * (w / 2) ** 2))
    return masked_softmax(scores, mask) * bell


# %% wrong="local_p_window" name="p rounded" says="p is rounded: a predicted position has no gradient, and cannot be learned."
def local_p_window(scores, p, w):
    if w <= 0:
        raise ValueError(f"half the window must be above 0, not {w}")
    distance = torch.arange(scores.shape[1]) - p.unsqueeze(1).round()
    mask = (distance.abs() <= w) & (scores > float("-inf"))
    bell = torch.exp(-(distance**2) / (2 * (w / 2) ** 2))
    return masked_softmax(scores, mask) * bell


# %% wrong="local_p_window" name="p cut to a whole number" says="p is cut to a whole number, so the centre moves to the left and p has no gradient."
def local_p_window(scores, p, w):
    if w <= 0:
        raise ValueError(f"half the window must be above 0, not {w}")
    distance = torch.arange(scores.shape[1]) - p.unsqueeze(1).long()
    mask = (distance.abs() <= w) & (scores > float("-inf"))
    bell = torch.exp(-(distance**2) / (2 * (w / 2) ** 2))
    return masked_softmax(scores, mask) * bell


# %% wrong="local_p_window" name="p counted from one" says="Positions are counted from 1 here; p counts from 0."
def local_p_window(scores, p, w):
    if w <= 0:
        raise ValueError(f"half the window must be above 0, not {w}")
    distance = torch.arange(1, scores.shape[1] + 1) - p.unsqueeze(1)
    mask = (distance.abs() <= w) & (scores > float("-inf"))
    bell = torch.exp(-(distance**2) / (2 * (w / 2) ** 2))
    return masked_softmax(scores, mask) * bell


# %% wrong="local_p_window" name="one p for the whole batch" says="All rows use the p of the first sentence."
def local_p_window(scores, p, w):
    if w <= 0:
        raise ValueError(f"half the window must be above 0, not {w}")
    distance = (torch.arange(scores.shape[1]) - p[0]).expand_as(scores)
    mask = (distance.abs() <= w) & (scores > float("-inf"))
    bell = torch.exp(-(distance**2) / (2 * (w / 2) ** 2))
    return masked_softmax(scores, mask) * bell


# %% wrong="local_p_window" name="open window" says="The words at distance w belong to the window: at most, not less than."
def local_p_window(scores, p, w):
    if w <= 0:
        raise ValueError(f"half the window must be above 0, not {w}")
    distance = torch.arange(scores.shape[1]) - p.unsqueeze(1)
    mask = (distance.abs() < w) & (scores > float("-inf"))
    bell = torch.exp(-(distance**2) / (2 * (w / 2) ** 2))
    return masked_softmax(scores, mask) * bell


# %% wrong="local_p_window" name="half as wide" says="Here w is taken for the whole window; it is half of it."
def local_p_window(scores, p, w):
    if w <= 0:
        raise ValueError(f"half the window must be above 0, not {w}")
    distance = torch.arange(scores.shape[1]) - p.unsqueeze(1)
    mask = (distance.abs() <= w / 2) & (scores > float("-inf"))
    bell = torch.exp(-(distance**2) / (2 * (w / 2) ** 2))
    return masked_softmax(scores, mask) * bell


# %% wrong="local_p_window" name="p kept inside" says="p is pulled back into the sentence, so a window without words gets some."
def local_p_window(scores, p, w):
    if w <= 0:
        raise ValueError(f"half the window must be above 0, not {w}")
    distance = torch.arange(scores.shape[1]) - p.unsqueeze(1).clamp(0, scores.shape[1] - 1)
    mask = (distance.abs() <= w) & (scores > float("-inf"))
    bell = torch.exp(-(distance**2) / (2 * (w / 2) ** 2))
    return masked_softmax(scores, mask) * bell


# %% wrong="local_p_window" name="p detached" says="p is detached: the decoder never learns where the window belongs."
def local_p_window(scores, p, w):
    if w <= 0:
        raise ValueError(f"half the window must be above 0, not {w}")
    distance = torch.arange(scores.shape[1]) - p.detach().unsqueeze(1)
    mask = (distance.abs() <= w) & (scores > float("-inf"))
    bell = torch.exp(-(distance**2) / (2 * (w / 2) ** 2))
    return masked_softmax(scores, mask) * bell


# %% wrong="local_p_window" name="scores detached" says="The scores are detached and never learn."
def local_p_window(scores, p, w):
    if w <= 0:
        raise ValueError(f"half the window must be above 0, not {w}")
    distance = torch.arange(scores.shape[1]) - p.unsqueeze(1)
    mask = (distance.abs() <= w) & (scores > float("-inf"))
    bell = torch.exp(-(distance**2) / (2 * (w / 2) ** 2))
    return masked_softmax(scores.detach(), mask) * bell


# %% wrong="local_p_window" name="NaN in an empty window" says="With -inf everywhere the softmax is 0 / 0: NaN."
def local_p_window(scores, p, w):
    if w <= 0:
        raise ValueError(f"half the window must be above 0, not {w}")
    distance = torch.arange(scores.shape[1]) - p.unsqueeze(1)
    mask = (distance.abs() <= w) & (scores > float("-inf"))
    bell = torch.exp(-(distance**2) / (2 * (w / 2) ** 2))
    return torch.softmax(scores.masked_fill(~mask, float("-inf")), dim=1) * bell


# %% wrong="local_p_window" name="NaN mended, gradient not" says="where() mends the weights, but the gradient has gone through 0 / 0 and is NaN."
def local_p_window(scores, p, w):
    if w <= 0:
        raise ValueError(f"half the window must be above 0, not {w}")
    distance = torch.arange(scores.shape[1]) - p.unsqueeze(1)
    mask = (distance.abs() <= w) & (scores > float("-inf"))
    bell = torch.exp(-(distance**2) / (2 * (w / 2) ** 2))
    powers = torch.where(mask, (scores - scores.max(dim=1, keepdim=True).values).exp(), 0.0)
    weights = powers / powers.sum(dim=1, keepdim=True) * bell
    return torch.where(mask, weights, 0.0)


# %% wrong="local_p_window" name="nan_to_num" says="nan_to_num mends the weights. But where the window holds only pads, the gradient has gone through 0 / 0 before, and is NaN."
def local_p_window(scores, p, w):
    if w <= 0:
        raise ValueError(f"half the window must be above 0, not {w}")
    distance = torch.arange(scores.shape[1]) - p.unsqueeze(1)
    weights = torch.softmax(scores.masked_fill(distance.abs() > w, float("-inf")), dim=1)
    return torch.nan_to_num(weights) * torch.exp(-(distance**2) / (2 * (w / 2) ** 2))


# %% wrong="local_p_window" name="window around the rounded p" says="The window is drawn around the rounded p, so it reaches too far on one side and not far enough on the other."
def local_p_window(scores, p, w):
    if w <= 0:
        raise ValueError(f"half the window must be above 0, not {w}")
    distance = torch.arange(scores.shape[1]) - p.unsqueeze(1)
    around = torch.arange(scores.shape[1]) - p.detach().round().unsqueeze(1)
    mask = (around.abs() <= w) & (scores > float("-inf"))
    bell = torch.exp(-(distance**2) / (2 * (w / 2) ** 2))
    return masked_softmax(scores, mask) * bell


# %% wrong="local_p_window" name="pads in an empty window" says="Where the window holds only pads, they share the weight."
def local_p_window(scores, p, w):
    if w <= 0:
        raise ValueError(f"half the window must be above 0, not {w}")
    distance = torch.arange(scores.shape[1]) - p.unsqueeze(1)
    mask = (distance.abs() <= w) & (scores > float("-inf"))
    bell = torch.exp(-(distance**2) / (2 * (w / 2) ** 2))
    return torch.softmax(scores.clamp(min=-1e9).masked_fill(distance.abs() > w, -1e9), dim=1) * bell


# %% wrong="local_p_window" name="exp without the maximum" says="exp of a large score is infinite, and inf / inf is NaN. torch.softmax subtracts the maximum first."
def local_p_window(scores, p, w):
    if w <= 0:
        raise ValueError(f"half the window must be above 0, not {w}")
    distance = torch.arange(scores.shape[1]) - p.unsqueeze(1)
    mask = (distance.abs() <= w) & (scores > float("-inf"))
    bell = torch.exp(-(distance**2) / (2 * (w / 2) ** 2))
    return (
        torch.where(mask, scores, torch.zeros_like(scores)).exp()
        * mask
        / (torch.where(mask, scores, torch.zeros_like(scores)).exp() * mask).sum(dim=1, keepdim=True).clamp(min=1e-20)
        * bell
    )


# %% wrong="local_p_window" name="width not checked" says="A window of width 0 divides by zero; the docstring promises a ValueError."
def local_p_window(scores, p, w):
    distance = torch.arange(scores.shape[1]) - p.unsqueeze(1)
    mask = (distance.abs() <= w) & (scores > float("-inf"))
    bell = torch.exp(-(distance**2) / (2 * (w / 2) ** 2))
    return masked_softmax(scores, mask) * bell


# %% wrong="local_p_window" name="only zero is refused" says="A negative width is accepted: the window is empty, and nobody hears why."
def local_p_window(scores, p, w):
    if w == 0:
        raise ValueError(f"half the window must be above 0, not {w}")
    distance = torch.arange(scores.shape[1]) - p.unsqueeze(1)
    mask = (distance.abs() <= w) & (scores > float("-inf"))
    bell = torch.exp(-(distance**2) / (2 * (w / 2) ** 2))
    return masked_softmax(scores, mask) * bell


# %% wrong="local_p_window" name="scores changed in place" says="The caller's scores are overwritten with -inf outside the window."
def local_p_window(scores, p, w):
    if w <= 0:
        raise ValueError(f"half the window must be above 0, not {w}")
    distance = torch.arange(scores.shape[1]) - p.unsqueeze(1)
    mask = (distance.abs() <= w) & (scores > float("-inf"))
    bell = torch.exp(-(distance**2) / (2 * (w / 2) ** 2))
    return masked_softmax(scores if scores.requires_grad else scores.masked_fill_(~mask, float("-inf")), mask) * bell


# %% wrong="local_p_window" name="filled with -10000" says="What is masked is filled with -10000. Where all real scores are smaller still, it takes all the weight."
def local_p_window(scores, p, w):
    if w <= 0:
        raise ValueError(f"half the window must be above 0, not {w}")
    distance = torch.arange(scores.shape[1]) - p.unsqueeze(1)
    mask = (distance.abs() <= w) & (scores > float("-inf"))
    bell = torch.exp(-(distance**2) / (2 * (w / 2) ** 2))
    weights = torch.softmax(scores.masked_fill(~mask, -10000.0), dim=1).masked_fill(~mask, 0.0)
    return weights * bell


# %% wrong="local_p_window" name="positions of 8 bits" says="uint8 counts to 255 and begins again at 0: a position above that looks like a small one. Leave torch.arange its own type."
def local_p_window(scores, p, w):
    if w <= 0:
        raise ValueError(f"half the window must be above 0, not {w}")
    distance = torch.arange(scores.shape[1], dtype=torch.uint8) - p.unsqueeze(1)
    mask = (distance.abs() <= w) & (scores > float("-inf"))
    return masked_softmax(scores, mask) * torch.exp(-(distance**2) / (2 * (w / 2) ** 2))


# %% wrong="local_p_window" name="softmax of all, cut and divided again" says="The softmax of all words is cut to the window and divided by its sum. Beside a far larger score outside, all that is left is 0: mask first."
def local_p_window(scores, p, w):
    if w <= 0:
        raise ValueError(f"half the window must be above 0, not {w}")
    distance = torch.arange(scores.shape[1]) - p.unsqueeze(1)
    mask = (distance.abs() <= w) & (scores > float("-inf"))
    bell = torch.exp(-(distance**2) / (2 * (w / 2) ** 2))
    weights = torch.softmax(scores.clamp(min=-1e30), dim=1) * mask
    weights = weights / weights.sum(dim=1, keepdim=True).clamp(min=1e-30)
    return weights * bell


# %% [markdown]
# ## attention_cost


# %% right="attention_cost" name="one branch a kind"
def attention_cost(S, T, D, kind):
    if kind == "none":
        return 0
    per_pair, per_target, per_source = 2 * D, 0, 0
    if kind == "general":
        per_target = D**2
    elif kind == "concat":
        per_pair += 2 * D**2
    elif kind == "additive":
        per_target = per_source = D**2
    elif kind != "dot":
        raise ValueError(f"no such kind of attention: {kind}")
    return S * T * per_pair + T * per_target + S * per_source


# %% right="attention_cost" name="counted step by step"
def attention_cost(S, T, D, kind):
    table = {
        "none": (0, 0, 0),
        "dot": (2, 0, 0),
        "general": (2, 1, 0),
        "concat": (2 + 2 * D, 0, 0),
        "additive": (2, 1, 1),
    }
    try:
        pair, target, source = table[kind]
    except KeyError:
        raise ValueError(f"the kind {kind!r} is not in the table") from None
    count = sum(source * D * D for _ in range(S))
    for _ in range(T):
        count += target * D * D
        count += sum(pair * D for _ in range(S))
    return count


# %% wrong="attention_cost" name="zero" says="Attention costs something: count the products."
def attention_cost(S, T, D, kind):
    pairs = S * T
    counts = {
        "none": 0,
        "dot": 0,
        "general": 0,
        "concat": 0,
        "additive": 0,
    }
    if kind not in counts:
        raise ValueError(f"no such kind: {kind}")
    return counts[kind]


# %% wrong="attention_cost" name="context forgotten" says="The weighted sum of the values costs D for each pair, too."
def attention_cost(S, T, D, kind):
    pairs = S * T
    counts = {
        "none": 0,
        "dot": pairs * D,
        "general": pairs * D + T * D * D,
        "concat": pairs * (2 * D * D + D),
        "additive": pairs * D + (T + S) * D * D,
    }
    if kind not in counts:
        raise ValueError(f"no such kind: {kind}")
    return counts[kind]


# %% wrong="attention_cost" name="one target word only" says="This is the count of one step of the decoder; the sentence has T of them."
def attention_cost(S, T, D, kind):
    pairs = S * T
    counts = {
        "none": 0,
        "dot": S * 2 * D,
        "general": S * 2 * D + D * D,
        "concat": S * (2 * D * D + 2 * D),
        "additive": S * 2 * D + (1 + S) * D * D,
    }
    if kind not in counts:
        raise ValueError(f"no such kind: {kind}")
    return counts[kind]


# %% wrong="attention_cost" name="S and T added" says="Every target word meets every source word: S times T pairs, not S plus T."
def attention_cost(S, T, D, kind):
    pairs = S + T
    counts = {
        "none": 0,
        "dot": pairs * 2 * D,
        "general": pairs * 2 * D + T * D * D,
        "concat": pairs * (2 * D * D + 2 * D),
        "additive": pairs * 2 * D + (T + S) * D * D,
    }
    if kind not in counts:
        raise ValueError(f"no such kind: {kind}")
    return counts[kind]


# %% wrong="attention_cost" name="T squared" says="The pairs are those of a target word with a source word, not of two target words."
def attention_cost(S, T, D, kind):
    pairs = T * T
    counts = {
        "none": 0,
        "dot": pairs * 2 * D,
        "general": pairs * 2 * D + T * D * D,
        "concat": pairs * (2 * D * D + 2 * D),
        "additive": pairs * 2 * D + (T + S) * D * D,
    }
    if kind not in counts:
        raise ValueError(f"no such kind: {kind}")
    return counts[kind]


# %% wrong="attention_cost" name="W meets every key" says="h W is computed once for each target word; here W is multiplied with the key for every pair."
def attention_cost(S, T, D, kind):
    pairs = S * T
    counts = {
        "none": 0,
        "dot": pairs * 2 * D,
        "general": pairs * (D * D + 2 * D),
        "concat": pairs * (2 * D * D + 2 * D),
        "additive": pairs * 2 * D + (T + S) * D * D,
    }
    if kind not in counts:
        raise ValueError(f"no such kind: {kind}")
    return counts[kind]


# %% wrong="attention_cost" name="W counted for the source" says="W meets h, once for each target word, and not once for each source word."
def attention_cost(S, T, D, kind):
    pairs = S * T
    counts = {
        "none": 0,
        "dot": pairs * 2 * D,
        "general": pairs * 2 * D + S * D * D,
        "concat": pairs * (2 * D * D + 2 * D),
        "additive": pairs * 2 * D + (T + S) * D * D,
    }
    if kind not in counts:
        raise ValueError(f"no such kind: {kind}")
    return counts[kind]


# %% wrong="attention_cost" name="general costs as much as dot" says="The product with W is forgotten: D times D for each target word."
def attention_cost(S, T, D, kind):
    pairs = S * T
    counts = {
        "none": 0,
        "dot": pairs * 2 * D,
        "general": pairs * 2 * D,
        "concat": pairs * (2 * D * D + 2 * D),
        "additive": pairs * 2 * D + (T + S) * D * D,
    }
    if kind not in counts:
        raise ValueError(f"no such kind: {kind}")
    return counts[kind]


# %% wrong="attention_cost" name="concat with half a matrix" says="W [A, 2D] meets a vector of 2D numbers: 2 D D products for each pair."
def attention_cost(S, T, D, kind):
    pairs = S * T
    counts = {
        "none": 0,
        "dot": pairs * 2 * D,
        "general": pairs * 2 * D + T * D * D,
        "concat": pairs * (D * D + 2 * D),
        "additive": pairs * 2 * D + (T + S) * D * D,
    }
    if kind not in counts:
        raise ValueError(f"no such kind: {kind}")
    return counts[kind]


# %% wrong="attention_cost" name="v forgotten" says="v makes one number of D: D products for each pair."
def attention_cost(S, T, D, kind):
    pairs = S * T
    counts = {
        "none": 0,
        "dot": pairs * 2 * D,
        "general": pairs * 2 * D + T * D * D,
        "concat": pairs * (2 * D * D + D),
        "additive": pairs * D + (T + S) * D * D,
    }
    if kind not in counts:
        raise ValueError(f"no such kind: {kind}")
    return counts[kind]


# %% wrong="attention_cost" name="concat as additive" says="concat as it stands multiplies the big matrix again for every pair; this is the count of additive."
def attention_cost(S, T, D, kind):
    pairs = S * T
    counts = {
        "none": 0,
        "dot": pairs * 2 * D,
        "general": pairs * 2 * D + T * D * D,
        "concat": pairs * 2 * D + (T + S) * D * D,
        "additive": pairs * 2 * D + (T + S) * D * D,
    }
    if kind not in counts:
        raise ValueError(f"no such kind: {kind}")
    return counts[kind]


# %% wrong="attention_cost" name="additive as concat" says="In additive, W h is computed once for each target word and U k once for each source word."
def attention_cost(S, T, D, kind):
    pairs = S * T
    counts = {
        "none": 0,
        "dot": pairs * 2 * D,
        "general": pairs * 2 * D + T * D * D,
        "concat": pairs * (2 * D * D + 2 * D),
        "additive": pairs * (2 * D * D + 2 * D),
    }
    if kind not in counts:
        raise ValueError(f"no such kind: {kind}")
    return counts[kind]


# %% wrong="attention_cost" name="keys transformed at every step" says="U k does not depend on the query: it is computed once for each source word, not for each pair."
def attention_cost(S, T, D, kind):
    pairs = S * T
    counts = {
        "none": 0,
        "dot": pairs * 2 * D,
        "general": pairs * 2 * D + T * D * D,
        "concat": pairs * (2 * D * D + 2 * D),
        "additive": pairs * (D * D + 2 * D) + T * D * D,
    }
    if kind not in counts:
        raise ValueError(f"no such kind: {kind}")
    return counts[kind]


# %% wrong="attention_cost" name="query transformed once" says="W h changes with every target word: it is computed T times."
def attention_cost(S, T, D, kind):
    pairs = S * T
    counts = {
        "none": 0,
        "dot": pairs * 2 * D,
        "general": pairs * 2 * D + T * D * D,
        "concat": pairs * (2 * D * D + 2 * D),
        "additive": pairs * 2 * D + (1 + S) * D * D,
    }
    if kind not in counts:
        raise ValueError(f"no such kind: {kind}")
    return counts[kind]


# %% wrong="attention_cost" name="keys forgotten" says="U k is missing: D times D for each source word."
def attention_cost(S, T, D, kind):
    pairs = S * T
    counts = {
        "none": 0,
        "dot": pairs * 2 * D,
        "general": pairs * 2 * D + T * D * D,
        "concat": pairs * (2 * D * D + 2 * D),
        "additive": pairs * 2 * D + T * D * D,
    }
    if kind not in counts:
        raise ValueError(f"no such kind: {kind}")
    return counts[kind]


# %% wrong="attention_cost" name="additions counted too" says="Products and additions are counted separately; one multiply-add is one unit."
def attention_cost(S, T, D, kind):
    pairs = S * T
    counts = {
        "none": 0,
        "dot": 2 * pairs * 2 * D,
        "general": 2 * (pairs * 2 * D + T * D * D),
        "concat": 2 * pairs * (2 * D * D + 2 * D),
        "additive": 2 * (pairs * 2 * D + (T + S) * D * D),
    }
    if kind not in counts:
        raise ValueError(f"no such kind: {kind}")
    return counts[kind]


# %% wrong="attention_cost" name="softmax counted" says="The softmax is left out of this count; here each pair costs one more."
def attention_cost(S, T, D, kind):
    pairs = S * T
    counts = {
        "none": 0,
        "dot": pairs * (2 * D + 1),
        "general": pairs * (2 * D + 1) + T * D * D,
        "concat": pairs * (2 * D * D + 2 * D + 1),
        "additive": pairs * (2 * D + 1) + (T + S) * D * D,
    }
    if kind not in counts:
        raise ValueError(f"no such kind: {kind}")
    return counts[kind]


# %% wrong="attention_cost" name="parameters" says="These are numbers of parameters, not of multiply-adds: they do not depend on the sentence."
def attention_cost(S, T, D, kind):
    pairs = S * T
    counts = {
        "none": 0,
        "dot": 0,
        "general": D * D,
        "concat": 2 * D * D + D,
        "additive": 2 * D * D + D,
    }
    if kind not in counts:
        raise ValueError(f"no such kind: {kind}")
    return counts[kind]


# %% wrong="attention_cost" name="none costs a context" says="Without attention there is no context to sum up."
def attention_cost(S, T, D, kind):
    pairs = S * T
    counts = {
        "none": pairs * D,
        "dot": pairs * 2 * D,
        "general": pairs * 2 * D + T * D * D,
        "concat": pairs * (2 * D * D + 2 * D),
        "additive": pairs * 2 * D + (T + S) * D * D,
    }
    if kind not in counts:
        raise ValueError(f"no such kind: {kind}")
    return counts[kind]


# %% wrong="attention_cost" name="a float" says="A float comes back; a count is an int."
def attention_cost(S, T, D, kind):
    pairs = S * T
    counts = {
        "none": 0,
        "dot": pairs * 2 * D,
        "general": pairs * 2 * D + T * D * D,
        "concat": pairs * (2 * D * D + 2 * D),
        "additive": pairs * 2 * D + (T + S) * D * D,
    }
    if kind not in counts:
        raise ValueError(f"no such kind: {kind}")
    return float(counts[kind])


# %% wrong="attention_cost" name="unknown kind is free" says="Every unknown kind costs 0: a typing mistake looks like a discovery."
def attention_cost(S, T, D, kind):
    pairs = S * T
    counts = {
        "none": 0,
        "dot": pairs * 2 * D,
        "general": pairs * 2 * D + T * D * D,
        "concat": pairs * (2 * D * D + 2 * D),
        "additive": pairs * 2 * D + (T + S) * D * D,
    }
    return counts.get(kind, 0)


# %% wrong="attention_cost" name="key error" says="An unknown kind ends in a KeyError; the docstring promises a ValueError that speaks of the kind."
def attention_cost(S, T, D, kind):
    pairs = S * T
    counts = {
        "none": 0,
        "dot": pairs * 2 * D,
        "general": pairs * 2 * D + T * D * D,
        "concat": pairs * (2 * D * D + 2 * D),
        "additive": pairs * 2 * D + (T + S) * D * D,
    }
    return counts[kind]


# %% wrong="attention_cost" name="case does not matter" says="Names are compared without their case, so a name that the docstring does not have is accepted."
def attention_cost(S, T, D, kind):
    pairs = S * T
    counts = {
        "none": 0,
        "dot": pairs * 2 * D,
        "general": pairs * 2 * D + T * D * D,
        "concat": pairs * (2 * D * D + 2 * D),
        "additive": pairs * 2 * D + (T + S) * D * D,
    }
    kind = str(kind).lower()
    if kind not in counts:
        raise ValueError(f"no such kind: {kind}")
    return counts[kind]


# %% wrong="attention_cost" name="float on the way" says="The count goes through a float, which is exact up to about 9 · 10^15 only. Calculate with ints."
def attention_cost(S, T, D, kind):
    pairs = float(S * T)
    counts = {
        "none": 0,
        "dot": pairs * 2 * D,
        "general": pairs * 2 * D + T * D * D,
        "concat": pairs * (2 * D * D + 2 * D),
        "additive": pairs * 2 * D + (T + S) * D * D,
    }
    if kind not in counts:
        raise ValueError(f"no such kind: {kind}")
    return int(counts[kind])


# %% wrong="attention_cost" name="compared with is" says="`kind is 'dot'` asks whether both are the same object. Texts are compared with ==."
def attention_cost(S, T, D, kind):
    none, dot, general, concat, additive = "none", "dot", "general", "concat", "additive"
    pairs = S * T
    if kind is none:
        return 0
    if kind is dot:
        return pairs * 2 * D
    if kind is general:
        return pairs * 2 * D + T * D * D
    if kind is concat:
        return pairs * (2 * D * D + 2 * D)
    if kind is additive:
        return pairs * 2 * D + (T + S) * D * D
    raise ValueError(f"no such kind: {kind}")


# %% wrong="attention_cost" name="spaces forgiven" says="Spaces around the word are taken away, so 'dot ' passes. Only the five names are kinds."
def attention_cost(S, T, D, kind):
    kind = kind.strip() if kind else kind
    pairs = S * T
    counts = {
        "none": 0,
        "dot": pairs * 2 * D,
        "general": pairs * 2 * D + T * D * D,
        "concat": pairs * (2 * D * D + 2 * D),
        "additive": pairs * 2 * D + (T + S) * D * D,
    }
    if kind not in counts:
        raise ValueError(f"no such kind: {kind}")
    return counts[kind]
