# %% [markdown]
# The answer catalogue of 09_images: right answers that look different, and wrong answers that students give.

# %% [markdown]
# ## count_conv


# %% right="count_conv" name="a layer of torch is asked"
def count_conv(in_channels, out_channels, kernel_size, height, width, bias=False):
    for name in ("in_channels", "out_channels", "kernel_size", "height", "width"):
        if locals()[name] <= 0:
            raise ValueError(f"{name} is too small")
    layer = nn.Conv2d(in_channels, out_channels, kernel_size, bias=bool(bias), device="meta")
    return sum(p.numel() for p in layer.parameters()), layer.weight.numel() * (height * width)


# %% right="count_conv" name="one window after the other"
def count_conv(in_channels, out_channels, kernel_size, height, width, bias=False):
    if in_channels < 1:
        raise ValueError("in_channels must be positive")
    if out_channels < 1:
        raise ValueError("out_channels must be positive")
    if kernel_size < 1:
        raise ValueError("kernel_size must be positive")
    if min(height, width) < 1:
        raise ValueError("height and width must be positive")
    window = in_channels * kernel_size * kernel_size
    places = height * width
    return out_channels * (window + int(bias)), out_channels * window * places


# %% wrong="count_conv" name="bias multiplied" says="A bias is counted as a multiplication at each place. It is only added."
def count_conv(in_channels, out_channels, kernel_size, height, width, bias=False):
    for name, size in (("in_channels", in_channels), ("out_channels", out_channels), ("kernel_size", kernel_size)):
        if size < 1:
            raise ValueError(name)
    if height < 1 or width < 1:
        raise ValueError("height or width")
    parameters = out_channels * (in_channels * kernel_size**2 + bool(bias))
    return parameters, parameters * height * width


# %% wrong="count_conv" name="bias per weight" says="There is a bias for each pair of an input and an output channel. An output channel is one sum, so it has one bias."
def count_conv(in_channels, out_channels, kernel_size, height, width, bias=False):
    for name, size in (("in_channels", in_channels), ("out_channels", out_channels), ("kernel_size", kernel_size)):
        if size < 1:
            raise ValueError(name)
    if height < 1 or width < 1:
        raise ValueError("height or width")
    weights = out_channels * in_channels * kernel_size**2
    return weights + (out_channels * in_channels if bias else 0), weights * height * width


# %% wrong="count_conv" name="bias per input channel" says="The bias has one number for each channel that goes in. It belongs to the channels that come out."
def count_conv(in_channels, out_channels, kernel_size, height, width, bias=False):
    for name, size in (("in_channels", in_channels), ("out_channels", out_channels), ("kernel_size", kernel_size)):
        if size < 1:
            raise ValueError(name)
    if height < 1 or width < 1:
        raise ValueError("height or width")
    weights = out_channels * in_channels * kernel_size**2
    return weights + (in_channels if bias else 0), weights * height * width


# %% wrong="count_conv" name="one bias for all" says="There is one bias for the whole layer. Each output channel has one of its own."
def count_conv(in_channels, out_channels, kernel_size, height, width, bias=False):
    for name, size in (("in_channels", in_channels), ("out_channels", out_channels), ("kernel_size", kernel_size)):
        if size < 1:
            raise ValueError(name)
    if height < 1 or width < 1:
        raise ValueError("height or width")
    weights = out_channels * in_channels * kernel_size**2
    return weights + (1 if bias else 0), weights * height * width


# %% wrong="count_conv" name="bias always" says="A bias is counted although bias=False was said."
def count_conv(in_channels, out_channels, kernel_size, height, width, bias=True):
    for name, size in (("in_channels", in_channels), ("out_channels", out_channels), ("kernel_size", kernel_size)):
        if size < 1:
            raise ValueError(name)
    if height < 1 or width < 1:
        raise ValueError("height or width")
    weights = out_channels * in_channels * kernel_size**2
    return weights + out_channels, weights * height * width


# %% wrong="count_conv" name="bias forgotten" says="`bias` is not used: with bias=True each output channel has one parameter more."
def count_conv(in_channels, out_channels, kernel_size, height, width, bias=False):
    for name, size in (("in_channels", in_channels), ("out_channels", out_channels), ("kernel_size", kernel_size)):
        if size < 1:
            raise ValueError(name)
    if height < 1 or width < 1:
        raise ValueError("height or width")
    weights = out_channels * in_channels * kernel_size**2
    return weights, weights * height * width


# %% wrong="count_conv" name="window not squared" says="The window is counted as kernel_size numbers. It is a square: kernel_size times kernel_size."
def count_conv(in_channels, out_channels, kernel_size, height, width, bias=False):
    for name, size in (("in_channels", in_channels), ("out_channels", out_channels), ("kernel_size", kernel_size)):
        if size < 1:
            raise ValueError(name)
    if height < 1 or width < 1:
        raise ValueError("height or width")
    weights = out_channels * in_channels * kernel_size
    return weights + (out_channels if bias else 0), weights * height * width


# %% wrong="count_conv" name="input channels forgotten" says="A window is taken to lie on one channel. It reaches through all channels that go in, with weights for each."
def count_conv(in_channels, out_channels, kernel_size, height, width, bias=False):
    for name, size in (("in_channels", in_channels), ("out_channels", out_channels), ("kernel_size", kernel_size)):
        if size < 1:
            raise ValueError(name)
    if height < 1 or width < 1:
        raise ValueError("height or width")
    weights = out_channels * kernel_size**2
    return weights + (out_channels if bias else 0), weights * height * width


# %% wrong="count_conv" name="input channels not in the work" says="The multiplications leave out the channels that go in: each number of the output is a sum over all of them."
def count_conv(in_channels, out_channels, kernel_size, height, width, bias=False):
    for name, size in (("in_channels", in_channels), ("out_channels", out_channels), ("kernel_size", kernel_size)):
        if size < 1:
            raise ValueError(name)
    if height < 1 or width < 1:
        raise ValueError("height or width")
    weights = out_channels * in_channels * kernel_size**2
    return weights + (out_channels if bias else 0), out_channels * kernel_size**2 * height * width


# %% wrong="count_conv" name="window not in the work" says="The multiplications count each pair of channels once at each place. There, a whole window of weights is used."
def count_conv(in_channels, out_channels, kernel_size, height, width, bias=False):
    for name, size in (("in_channels", in_channels), ("out_channels", out_channels), ("kernel_size", kernel_size)):
        if size < 1:
            raise ValueError(name)
    if height < 1 or width < 1:
        raise ValueError("height or width")
    weights = out_channels * in_channels * kernel_size**2
    return weights + (out_channels if bias else 0), out_channels * in_channels * height * width


# %% wrong="count_conv" name="size shrunk by the window" says="height and width are taken as the size of the input, and the border that a window loses is subtracted. They are the size of the output already."
def count_conv(in_channels, out_channels, kernel_size, height, width, bias=False):
    for name, size in (("in_channels", in_channels), ("out_channels", out_channels), ("kernel_size", kernel_size)):
        if size < 1:
            raise ValueError(name)
    if height < 1 or width < 1:
        raise ValueError("height or width")
    weights = out_channels * in_channels * kernel_size**2
    places = (height - kernel_size + 1) * (width - kernel_size + 1)
    return weights + (out_channels if bias else 0), weights * places


# %% wrong="count_conv" name="stride of the window" says="The window is moved by its own side, as a pooling does. The stride is 1, so every place of the output counts."
def count_conv(in_channels, out_channels, kernel_size, height, width, bias=False):
    for name, size in (("in_channels", in_channels), ("out_channels", out_channels), ("kernel_size", kernel_size)):
        if size < 1:
            raise ValueError(name)
    if height < 1 or width < 1:
        raise ValueError("height or width")
    weights = out_channels * in_channels * kernel_size**2
    places = -(-height // kernel_size) * -(-width // kernel_size)
    return weights + (out_channels if bias else 0), weights * places


# %% wrong="count_conv" name="square picture" says="The multiplications use the height twice. The output has height times width places."
def count_conv(in_channels, out_channels, kernel_size, height, width, bias=False):
    for name, size in (("in_channels", in_channels), ("out_channels", out_channels), ("kernel_size", kernel_size)):
        if size < 1:
            raise ValueError(name)
    if height < 1 or width < 1:
        raise ValueError("height or width")
    weights = out_channels * in_channels * kernel_size**2
    return weights + (out_channels if bias else 0), weights * height**2


# %% wrong="count_conv" name="order" says="The two numbers are exchanged: parameters first, then multiplications."
def count_conv(in_channels, out_channels, kernel_size, height, width, bias=False):
    for name, size in (("in_channels", in_channels), ("out_channels", out_channels), ("kernel_size", kernel_size)):
        if size < 1:
            raise ValueError(name)
    if height < 1 or width < 1:
        raise ValueError("height or width")
    weights = out_channels * in_channels * kernel_size**2
    return weights * height * width, weights + (out_channels if bias else 0)


# %% wrong="count_conv" name="parameters per place" says="The parameters are counted at each place. The same window is used everywhere, so the size of the picture does not matter."
def count_conv(in_channels, out_channels, kernel_size, height, width, bias=False):
    for name, size in (("in_channels", in_channels), ("out_channels", out_channels), ("kernel_size", kernel_size)):
        if size < 1:
            raise ValueError(name)
    if height < 1 or width < 1:
        raise ValueError("height or width")
    weights = out_channels * in_channels * kernel_size**2 * height * width
    return weights + (out_channels if bias else 0), weights


# %% wrong="count_conv" name="floats" says="The counts are floats. A large count then loses its last digits."
def count_conv(in_channels, out_channels, kernel_size, height, width, bias=False):
    for name, size in (("in_channels", in_channels), ("out_channels", out_channels), ("kernel_size", kernel_size)):
        if size < 1:
            raise ValueError(name)
    if height < 1 or width < 1:
        raise ValueError("height or width")
    weights = float(out_channels * in_channels * kernel_size**2)
    return weights + (out_channels if bias else 0), weights * height * width


# %% wrong="count_conv" name="no errors" says="A size below 1 gives a count, and no ValueError."
def count_conv(in_channels, out_channels, kernel_size, height, width, bias=False):
    weights = out_channels * in_channels * kernel_size**2
    return weights + (out_channels if bias else 0), weights * height * width


# %% wrong="count_conv" name="zero allowed" says="0 is let through: only negative sizes raise an error. Each size must be at least 1."
def count_conv(in_channels, out_channels, kernel_size, height, width, bias=False):
    sizes = {"in_channels": in_channels, "out_channels": out_channels, "kernel_size": kernel_size}
    for name, size in {**sizes, "height": height, "width": width}.items():
        if size < 0:
            raise ValueError(f"{name} must not be negative")
    weights = out_channels * in_channels * kernel_size**2
    return weights + (out_channels if bias else 0), weights * height * width


# %% wrong="count_conv" name="one forbidden" says="1 is refused as well. A 1 × 1 window, one channel or one pixel are allowed."
def count_conv(in_channels, out_channels, kernel_size, height, width, bias=False):
    sizes = {"in_channels": in_channels, "out_channels": out_channels, "kernel_size": kernel_size}
    for name, size in {**sizes, "height": height, "width": width}.items():
        if size <= 1:
            raise ValueError(f"{name} is too small")
    weights = out_channels * in_channels * kernel_size**2
    return weights + (out_channels if bias else 0), weights * height * width


# %% wrong="count_conv" name="error without a name" says="The error does not say which of the five numbers is wrong."
def count_conv(in_channels, out_channels, kernel_size, height, width, bias=False):
    if min(in_channels, out_channels, kernel_size, height, width) < 1:
        raise ValueError("all sizes must be at least 1")
    weights = out_channels * in_channels * kernel_size**2
    return weights + (out_channels if bias else 0), weights * height * width


# %% wrong="count_conv" name="only the picture is looked at" says="Only height and width are looked at. The two numbers of channels and the window must be at least 1 as well."
def count_conv(in_channels, out_channels, kernel_size, height, width, bias=False):
    for name, size in (("height", height), ("width", width)):
        if size < 1:
            raise ValueError(f"{name} must be at least 1")
    weights = out_channels * in_channels * kernel_size**2
    return weights + (out_channels if bias else 0), weights * height * width


# %% wrong="count_conv" name="only the layer is looked at" says="height and width are not looked at: a picture without pixels is no size."
def count_conv(in_channels, out_channels, kernel_size, height, width, bias=False):
    for name, size in (("in_channels", in_channels), ("out_channels", out_channels), ("kernel_size", kernel_size)):
        if size < 1:
            raise ValueError(f"{name} must be at least 1")
    weights = out_channels * in_channels * kernel_size**2
    return weights + (out_channels if bias else 0), weights * height * width


# %% wrong="count_conv" name="assert" says="`assert` raises an AssertionError, and `python -O` leaves it out. A wrong argument is a ValueError."
def count_conv(in_channels, out_channels, kernel_size, height, width, bias=False):
    sizes = {"in_channels": in_channels, "out_channels": out_channels, "kernel_size": kernel_size}
    for name, size in {**sizes, "height": height, "width": width}.items():
        assert size >= 1, f"{name} must be at least 1"
    weights = out_channels * in_channels * kernel_size**2
    return weights + (out_channels if bias else 0), weights * height * width


# %% wrong="count_conv" name="zeros" says="Both counts are 0, whatever the sizes are."
def count_conv(in_channels, out_channels, kernel_size, height, width, bias=False):
    return 0, 0


# %% [markdown]
# ## inception_block


# %% right="inception_block" name="six convolutions by name"
def inception_block(in_channels, c1, c3, c5, pool):
    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.five = nn.Conv2d(c5[0], c5[1], kernel_size=5, padding="same")
            self.before_five = nn.Conv2d(in_channels, c5[0], kernel_size=1)
            self.three = nn.Conv2d(c3[0], c3[1], kernel_size=3, padding="same")
            self.before_three = nn.Conv2d(in_channels, c3[0], kernel_size=1)
            self.one = nn.Conv2d(in_channels, c1, kernel_size=1)
            self.pooled = nn.Conv2d(in_channels, pool, kernel_size=1)

        def forward(self, x):
            a = self.one(x)
            b = self.three(self.before_three(x).relu())
            c = self.five(self.before_five(x).relu())
            d = self.pooled(F.max_pool2d(x, 3, stride=1, padding=1))
            return torch.cat((a, b, c, d), 1).relu()

    return Block()


# %% right="inception_block" name="parameters of one's own, a border of minus infinity"
def inception_block(in_channels, c1, c3, c5, pool):
    class Inception(nn.Module):
        def __init__(self):
            super().__init__()
            sizes = [(c1, in_channels, 1), (c3[0], in_channels, 1), (c3[1], c3[0], 3)]
            sizes += [(c5[0], in_channels, 1), (c5[1], c5[0], 5), (pool, in_channels, 1)]
            layers = [nn.Conv2d(m, n, k) for n, m, k in sizes]
            self.weights = nn.ParameterList([layer.weight for layer in layers])
            self.biases = nn.ParameterList([layer.bias for layer in layers])

        def conv(self, x, i, border=0):
            return F.conv2d(F.pad(x, (border,) * 4), self.weights[i], self.biases[i]).clamp(min=0)

        def forward(self, x):
            B, C, H, W = x.shape
            around = F.pad(x, (1, 1, 1, 1), value=float("-inf"))
            shifted = [around[:, :, i : i + H, j : j + W] for i in range(3) for j in range(3)]
            branches = [self.conv(x, 0), self.conv(self.conv(x, 1), 2, 1), self.conv(self.conv(x, 3), 4, 2)]
            return torch.cat([*branches, self.conv(torch.stack(shifted).amax(dim=0), 5)], dim=-3)

    return Inception()


# %% right="inception_block" name="sequences in a dict"
def inception_block(in_channels, c1, c3, c5, pool):
    class Side(nn.ModuleDict):
        def forward(self, x):
            return torch.cat([self[name](x) for name in ("1", "3", "5", "pool")], dim=1)

    return Side(
        {
            "pool": nn.Sequential(nn.MaxPool2d(3, 1, 1), nn.Conv2d(in_channels, pool, 1), nn.ReLU(inplace=True)),
            "1": nn.Sequential(nn.Conv2d(in_channels, c1, 1), nn.ReLU(inplace=True)),
            "3": nn.Sequential(
                nn.Conv2d(in_channels, c3[0], 1), nn.ReLU(), nn.Conv2d(*c3, 3, padding=1), nn.ReLU(inplace=True)
            ),
            "5": nn.Sequential(
                nn.Conv2d(in_channels, c5[0], 1), nn.ReLU(), nn.Conv2d(*c5, 5, padding=2), nn.ReLU(inplace=True)
            ),
        }
    )


# %% wrong="inception_block" name="added" says="The branches are added. They are to stand beside each other, as channels: concatenate them."
def inception_block(in_channels, c1, c3, c5, pool):
    class Inception(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Conv2d(in_channels, c1, 1)
            self.b1, self.b2 = nn.Conv2d(in_channels, c3[0], 1), nn.Conv2d(c3[0], c3[1], 3, padding=1)
            self.c1, self.c2 = nn.Conv2d(in_channels, c5[0], 1), nn.Conv2d(c5[0], c5[1], 5, padding=2)
            self.d = nn.Conv2d(in_channels, pool, 1)

        def forward(self, x):
            a = F.relu(self.a(x))
            b = F.relu(self.b2(F.relu(self.b1(x))))
            c = F.relu(self.c2(F.relu(self.c1(x))))
            d = F.relu(self.d(F.max_pool2d(x, 3, stride=1, padding=1)))
            return a + b + c + d if c1 == c3[1] == c5[1] == pool else torch.cat([a, b, c, d], dim=1)

    return Inception()


# %% wrong="inception_block" name="order of the branches" says="The pooled branch comes second. The order is 1 × 1, 3 × 3, 5 × 5, maximum."
def inception_block(in_channels, c1, c3, c5, pool):
    class Inception(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Conv2d(in_channels, c1, 1)
            self.b1, self.b2 = nn.Conv2d(in_channels, c3[0], 1), nn.Conv2d(c3[0], c3[1], 3, padding=1)
            self.c1, self.c2 = nn.Conv2d(in_channels, c5[0], 1), nn.Conv2d(c5[0], c5[1], 5, padding=2)
            self.d = nn.Conv2d(in_channels, pool, 1)

        def forward(self, x):
            a = F.relu(self.a(x))
            b = F.relu(self.b2(F.relu(self.b1(x))))
            c = F.relu(self.c2(F.relu(self.c1(x))))
            d = F.relu(self.d(F.max_pool2d(x, 3, stride=1, padding=1)))
            return torch.cat([a, d, b, c], dim=1)

    return Inception()


# %% wrong="inception_block" name="widest first" says="The branches stand in the opposite order: the 1 × 1 is the first one."
def inception_block(in_channels, c1, c3, c5, pool):
    class Inception(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Conv2d(in_channels, c1, 1)
            self.b1, self.b2 = nn.Conv2d(in_channels, c3[0], 1), nn.Conv2d(c3[0], c3[1], 3, padding=1)
            self.c1, self.c2 = nn.Conv2d(in_channels, c5[0], 1), nn.Conv2d(c5[0], c5[1], 5, padding=2)
            self.d = nn.Conv2d(in_channels, pool, 1)

        def forward(self, x):
            a = F.relu(self.a(x))
            b = F.relu(self.b2(F.relu(self.b1(x))))
            c = F.relu(self.c2(F.relu(self.c1(x))))
            d = F.relu(self.d(F.max_pool2d(x, 3, stride=1, padding=1)))
            return torch.cat([d, c, b, a], dim=1)

    return Inception()


# %% wrong="inception_block" name="three and five exchanged" says="The 5 × 5 branch stands before the 3 × 3."
def inception_block(in_channels, c1, c3, c5, pool):
    class Inception(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Conv2d(in_channels, c1, 1)
            self.b1, self.b2 = nn.Conv2d(in_channels, c3[0], 1), nn.Conv2d(c3[0], c3[1], 3, padding=1)
            self.c1, self.c2 = nn.Conv2d(in_channels, c5[0], 1), nn.Conv2d(c5[0], c5[1], 5, padding=2)
            self.d = nn.Conv2d(in_channels, pool, 1)

        def forward(self, x):
            a = F.relu(self.a(x))
            b = F.relu(self.b2(F.relu(self.b1(x))))
            c = F.relu(self.c2(F.relu(self.c1(x))))
            d = F.relu(self.d(F.max_pool2d(x, 3, stride=1, padding=1)))
            return torch.cat([a, c, b, d], dim=1)

    return Inception()


# %% wrong="inception_block" name="1 × 1 after the wide windows" says="The 1 × 1 comes after the wide window. It must come before, or the wide window has to work on all channels."
def inception_block(in_channels, c1, c3, c5, pool):
    class Inception(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Conv2d(in_channels, c1, 1)
            self.b1, self.b2 = nn.Conv2d(in_channels, c3[0], 3, padding=1), nn.Conv2d(c3[0], c3[1], 1)
            self.c1, self.c2 = nn.Conv2d(in_channels, c5[0], 5, padding=2), nn.Conv2d(c5[0], c5[1], 1)
            self.d = nn.Conv2d(in_channels, pool, 1)

        def forward(self, x):
            a = F.relu(self.a(x))
            b = F.relu(self.b2(F.relu(self.b1(x))))
            c = F.relu(self.c2(F.relu(self.c1(x))))
            d = F.relu(self.d(F.max_pool2d(x, 3, stride=1, padding=1)))
            return torch.cat([a, b, c, d], dim=1)

    return Inception()


# %% wrong="inception_block" name="no 1 × 1 before" says="The wide windows look at all channels of x: the 1 × 1 that makes them few first is missing."
def inception_block(in_channels, c1, c3, c5, pool):
    class Inception(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Conv2d(in_channels, c1, 1)
            self.b2 = nn.Conv2d(in_channels, c3[1], 3, padding=1)
            self.c2 = nn.Conv2d(in_channels, c5[1], 5, padding=2)
            self.d = nn.Conv2d(in_channels, pool, 1)

        def forward(self, x):
            a = F.relu(self.a(x))
            b = F.relu(self.b2(x))
            c = F.relu(self.c2(x))
            d = F.relu(self.d(F.max_pool2d(x, 3, stride=1, padding=1)))
            return torch.cat([a, b, c, d], dim=1)

    return Inception()


# %% wrong="inception_block" name="1 × 1 before the maximum" says="The 1 × 1 of the last branch comes before the maximum. It belongs behind it."
def inception_block(in_channels, c1, c3, c5, pool):
    class Inception(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Conv2d(in_channels, c1, 1)
            self.b1, self.b2 = nn.Conv2d(in_channels, c3[0], 1), nn.Conv2d(c3[0], c3[1], 3, padding=1)
            self.c1, self.c2 = nn.Conv2d(in_channels, c5[0], 1), nn.Conv2d(c5[0], c5[1], 5, padding=2)
            self.d = nn.Conv2d(in_channels, pool, 1)

        def forward(self, x):
            a = F.relu(self.a(x))
            b = F.relu(self.b2(F.relu(self.b1(x))))
            c = F.relu(self.c2(F.relu(self.c1(x))))
            d = F.max_pool2d(F.relu(self.d(x)), 3, stride=1, padding=1)
            return torch.cat([a, b, c, d], dim=1)

    return Inception()


# %% wrong="inception_block" name="no 1 × 1 after the maximum" says="The last branch gives all channels of x: the 1 × 1 convolution after the maximum is missing."
def inception_block(in_channels, c1, c3, c5, pool):
    class Inception(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Conv2d(in_channels, c1, 1)
            self.b1, self.b2 = nn.Conv2d(in_channels, c3[0], 1), nn.Conv2d(c3[0], c3[1], 3, padding=1)
            self.c1, self.c2 = nn.Conv2d(in_channels, c5[0], 1), nn.Conv2d(c5[0], c5[1], 5, padding=2)

        def forward(self, x):
            a = F.relu(self.a(x))
            b = F.relu(self.b2(F.relu(self.b1(x))))
            c = F.relu(self.c2(F.relu(self.c1(x))))
            d = F.max_pool2d(x, 3, stride=1, padding=1)
            return torch.cat([a, b, c, d], dim=1)

    return Inception()


# %% wrong="inception_block" name="stride of the pooling" says="Without stride=1, a pooling moves by its own width, and the picture becomes smaller."
def inception_block(in_channels, c1, c3, c5, pool):
    class Inception(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Conv2d(in_channels, c1, 1)
            self.b1, self.b2 = nn.Conv2d(in_channels, c3[0], 1), nn.Conv2d(c3[0], c3[1], 3, padding=1)
            self.c1, self.c2 = nn.Conv2d(in_channels, c5[0], 1), nn.Conv2d(c5[0], c5[1], 5, padding=2)
            self.d = nn.Conv2d(in_channels, pool, 1)

        def forward(self, x):
            a = F.relu(self.a(x))
            b = F.relu(self.b2(F.relu(self.b1(x))))
            c = F.relu(self.c2(F.relu(self.c1(x))))
            d = F.relu(self.d(F.max_pool2d(x, 3, padding=1)))
            return torch.cat([a, b, c, d], dim=1) if a.shape == d.shape else d

    return Inception()


# %% wrong="inception_block" name="no border at the pooling" says="The pooling has no border, so its branch loses a pixel on each side."
def inception_block(in_channels, c1, c3, c5, pool):
    class Inception(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Conv2d(in_channels, c1, 1)
            self.b1, self.b2 = nn.Conv2d(in_channels, c3[0], 1), nn.Conv2d(c3[0], c3[1], 3, padding=1)
            self.c1, self.c2 = nn.Conv2d(in_channels, c5[0], 1), nn.Conv2d(c5[0], c5[1], 5, padding=2)
            self.d = nn.Conv2d(in_channels, pool, 1)

        def forward(self, x):
            a = F.relu(self.a(x))
            b = F.relu(self.b2(F.relu(self.b1(x))))
            c = F.relu(self.c2(F.relu(self.c1(x))))
            d = F.relu(self.d(F.max_pool2d(x, 3, stride=1)))
            return torch.cat([a, b, c, d], dim=1)

    return Inception()


# %% wrong="inception_block" name="zeros around the maximum" says="The border is padded with zeros before the maximum: where all numbers are negative, the pad wins."
def inception_block(in_channels, c1, c3, c5, pool):
    class Inception(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Conv2d(in_channels, c1, 1)
            self.b1, self.b2 = nn.Conv2d(in_channels, c3[0], 1), nn.Conv2d(c3[0], c3[1], 3, padding=1)
            self.c1, self.c2 = nn.Conv2d(in_channels, c5[0], 1), nn.Conv2d(c5[0], c5[1], 5, padding=2)
            self.d = nn.Conv2d(in_channels, pool, 1)

        def forward(self, x):
            a = F.relu(self.a(x))
            b = F.relu(self.b2(F.relu(self.b1(x))))
            c = F.relu(self.c2(F.relu(self.c1(x))))
            d = F.relu(self.d(F.max_pool2d(F.pad(x, (1, 1, 1, 1)), 3, stride=1)))
            return torch.cat([a, b, c, d], dim=1)

    return Inception()


# %% wrong="inception_block" name="-10000 around the maximum" says="The border is padded with -10000 before the maximum: where the picture is smaller than that, the pad wins. Minus infinity never does."
def inception_block(in_channels, c1, c3, c5, pool):
    class Inception(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Conv2d(in_channels, c1, 1)
            self.b1, self.b2 = nn.Conv2d(in_channels, c3[0], 1), nn.Conv2d(c3[0], c3[1], 3, padding=1)
            self.c1, self.c2 = nn.Conv2d(in_channels, c5[0], 1), nn.Conv2d(c5[0], c5[1], 5, padding=2)
            self.d = nn.Conv2d(in_channels, pool, 1)

        def forward(self, x):
            a = F.relu(self.a(x))
            b = F.relu(self.b2(F.relu(self.b1(x))))
            c = F.relu(self.c2(F.relu(self.c1(x))))
            d = F.relu(self.d(F.max_pool2d(F.pad(x, (1, 1, 1, 1), value=-10000.0), 3, stride=1)))
            return torch.cat([a, b, c, d], dim=1)

    return Inception()


# %% wrong="inception_block" name="mean in place of the maximum" says="The last branch takes the mean of the window, and not its maximum."
def inception_block(in_channels, c1, c3, c5, pool):
    class Inception(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Conv2d(in_channels, c1, 1)
            self.b1, self.b2 = nn.Conv2d(in_channels, c3[0], 1), nn.Conv2d(c3[0], c3[1], 3, padding=1)
            self.c1, self.c2 = nn.Conv2d(in_channels, c5[0], 1), nn.Conv2d(c5[0], c5[1], 5, padding=2)
            self.d = nn.Conv2d(in_channels, pool, 1)

        def forward(self, x):
            a = F.relu(self.a(x))
            b = F.relu(self.b2(F.relu(self.b1(x))))
            c = F.relu(self.c2(F.relu(self.c1(x))))
            d = F.relu(self.d(F.avg_pool2d(x, 3, stride=1, padding=1)))
            return torch.cat([a, b, c, d], dim=1)

    return Inception()


# %% wrong="inception_block" name="ReLU before the maximum" says="The maximum is taken of ReLU(x): negative numbers are lost before the convolution has seen them."
def inception_block(in_channels, c1, c3, c5, pool):
    class Inception(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Conv2d(in_channels, c1, 1)
            self.b1, self.b2 = nn.Conv2d(in_channels, c3[0], 1), nn.Conv2d(c3[0], c3[1], 3, padding=1)
            self.c1, self.c2 = nn.Conv2d(in_channels, c5[0], 1), nn.Conv2d(c5[0], c5[1], 5, padding=2)
            self.d = nn.Conv2d(in_channels, pool, 1)

        def forward(self, x):
            a = F.relu(self.a(x))
            b = F.relu(self.b2(F.relu(self.b1(x))))
            c = F.relu(self.c2(F.relu(self.c1(x))))
            d = F.relu(self.d(F.max_pool2d(F.relu(x), 3, stride=1, padding=1)))
            return torch.cat([a, b, c, d], dim=1)

    return Inception()


# %% wrong="inception_block" name="maximum of 2 × 2" says="The maximum is taken over 2 × 2 pixels, not over 3 × 3."
def inception_block(in_channels, c1, c3, c5, pool):
    class Inception(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Conv2d(in_channels, c1, 1)
            self.b1, self.b2 = nn.Conv2d(in_channels, c3[0], 1), nn.Conv2d(c3[0], c3[1], 3, padding=1)
            self.c1, self.c2 = nn.Conv2d(in_channels, c5[0], 1), nn.Conv2d(c5[0], c5[1], 5, padding=2)
            self.d = nn.Conv2d(in_channels, pool, 1)

        def forward(self, x):
            a = F.relu(self.a(x))
            b = F.relu(self.b2(F.relu(self.b1(x))))
            c = F.relu(self.c2(F.relu(self.c1(x))))
            d = F.relu(self.d(F.max_pool2d(x, 2, stride=1, padding=1)[:, :, : x.shape[2], : x.shape[3]]))
            return torch.cat([a, b, c, d], dim=1)

    return Inception()


# %% wrong="inception_block" name="no border at the convolutions" says="The wide windows have no border, so they cannot stand on the pixels at the edge, and the picture shrinks."
def inception_block(in_channels, c1, c3, c5, pool):
    class Inception(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Conv2d(in_channels, c1, 1)
            self.b1, self.b2 = nn.Conv2d(in_channels, c3[0], 1), nn.Conv2d(c3[0], c3[1], 3)
            self.c1, self.c2 = nn.Conv2d(in_channels, c5[0], 1), nn.Conv2d(c5[0], c5[1], 5)
            self.d = nn.Conv2d(in_channels, pool, 1)

        def forward(self, x):
            a = F.relu(self.a(x))
            b = F.relu(self.b2(F.relu(self.b1(x))))
            c = F.relu(self.c2(F.relu(self.c1(x))))
            d = F.relu(self.d(F.max_pool2d(x, 3, stride=1, padding=1)))
            return torch.cat([a, b, c, d], dim=1)

    return Inception()


# %% wrong="inception_block" name="border repeated" says="The border repeats the pixels at the edge. Before a convolution it is padded with zeros."
def inception_block(in_channels, c1, c3, c5, pool):
    class Inception(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Conv2d(in_channels, c1, 1)
            self.b1, self.b2 = (
                nn.Conv2d(in_channels, c3[0], 1),
                nn.Conv2d(c3[0], c3[1], 3, padding=1, padding_mode="replicate"),
            )
            self.c1, self.c2 = (
                nn.Conv2d(in_channels, c5[0], 1),
                nn.Conv2d(c5[0], c5[1], 5, padding=2, padding_mode="replicate"),
            )
            self.d = nn.Conv2d(in_channels, pool, 1)

        def forward(self, x):
            a = F.relu(self.a(x))
            b = F.relu(self.b2(F.relu(self.b1(x))))
            c = F.relu(self.c2(F.relu(self.c1(x))))
            d = F.relu(self.d(F.max_pool2d(x, 3, stride=1, padding=1)))
            return torch.cat([a, b, c, d], dim=1)

    return Inception()


# %% wrong="inception_block" name="convolutions without bias" says="The convolutions have no bias. Here no batch norm follows that could take its place."
def inception_block(in_channels, c1, c3, c5, pool):
    class Inception(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Conv2d(in_channels, c1, 1, bias=False)
            self.b1, self.b2 = (
                nn.Conv2d(in_channels, c3[0], 1, bias=False),
                nn.Conv2d(c3[0], c3[1], 3, padding=1, bias=False),
            )
            self.c1, self.c2 = (
                nn.Conv2d(in_channels, c5[0], 1, bias=False),
                nn.Conv2d(c5[0], c5[1], 5, padding=2, bias=False),
            )
            self.d = nn.Conv2d(in_channels, pool, 1, bias=False)

        def forward(self, x):
            a = F.relu(self.a(x))
            b = F.relu(self.b2(F.relu(self.b1(x))))
            c = F.relu(self.c2(F.relu(self.c1(x))))
            d = F.relu(self.d(F.max_pool2d(x, 3, stride=1, padding=1)))
            return torch.cat([a, b, c, d], dim=1)

    return Inception()


# %% wrong="inception_block" name="batch norm added" says="There is a batch norm behind the branches. This block has six convolutions and nothing else to learn."
def inception_block(in_channels, c1, c3, c5, pool):
    class Inception(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Conv2d(in_channels, c1, 1)
            self.b1, self.b2 = nn.Conv2d(in_channels, c3[0], 1), nn.Conv2d(c3[0], c3[1], 3, padding=1)
            self.c1, self.c2 = nn.Conv2d(in_channels, c5[0], 1), nn.Conv2d(c5[0], c5[1], 5, padding=2)
            self.norm = nn.BatchNorm2d(c1 + c3[1] + c5[1] + pool)
            self.d = nn.Conv2d(in_channels, pool, 1)

        def forward(self, x):
            a = F.relu(self.a(x))
            b = F.relu(self.b2(F.relu(self.b1(x))))
            c = F.relu(self.c2(F.relu(self.c1(x))))
            d = F.relu(self.d(F.max_pool2d(x, 3, stride=1, padding=1)))
            return self.norm(torch.cat([a, b, c, d], dim=1))

    return Inception()


# %% wrong="inception_block" name="5 × 5 as two 3 × 3" says="The 5 × 5 is replaced by two 3 × 3. That is a later version of the block."
def inception_block(in_channels, c1, c3, c5, pool):
    class Inception(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Conv2d(in_channels, c1, 1)
            self.b1, self.b2 = nn.Conv2d(in_channels, c3[0], 1), nn.Conv2d(c3[0], c3[1], 3, padding=1)
            self.c1, self.c2 = (
                nn.Conv2d(in_channels, c5[0], 1),
                nn.Sequential(nn.Conv2d(c5[0], c5[1], 3, padding=1), nn.ReLU(), nn.Conv2d(c5[1], c5[1], 3, padding=1)),
            )
            self.d = nn.Conv2d(in_channels, pool, 1)

        def forward(self, x):
            a = F.relu(self.a(x))
            b = F.relu(self.b2(F.relu(self.b1(x))))
            c = F.relu(self.c2(F.relu(self.c1(x))))
            d = F.relu(self.d(F.max_pool2d(x, 3, stride=1, padding=1)))
            return torch.cat([a, b, c, d], dim=1)

    return Inception()


# %% wrong="inception_block" name="one behind the other" says="The branches stand one behind the other: each one reads what the one before gave. All four read x."
def inception_block(in_channels, c1, c3, c5, pool):
    class Inception(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Conv2d(in_channels, c1, 1)
            self.b1, self.b2 = nn.Conv2d(c1, c3[0], 1), nn.Conv2d(c3[0], c3[1], 3, padding=1)
            self.c1, self.c2 = nn.Conv2d(c3[1], c5[0], 1), nn.Conv2d(c5[0], c5[1], 5, padding=2)
            self.d = nn.Conv2d(in_channels, pool, 1)

        def forward(self, x):
            a = F.relu(self.a(x))
            b = F.relu(self.b2(F.relu(self.b1(a))))
            c = F.relu(self.c2(F.relu(self.c1(b))))
            d = F.relu(self.d(F.max_pool2d(x, 3, stride=1, padding=1)))
            return torch.cat([a, b, c, d], dim=1)

    return Inception()


# %% wrong="inception_block" name="a 1 × 1 shared" says="Where the sizes allow it, branches 2 and 3 share one 1 × 1 convolution. Each has its own."
def inception_block(in_channels, c1, c3, c5, pool):
    class Inception(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Conv2d(in_channels, c1, 1)
            self.b1, self.b2 = nn.Conv2d(in_channels, c3[0], 1), nn.Conv2d(c3[0], c3[1], 3, padding=1)
            self.c1, self.c2 = nn.Conv2d(in_channels, c5[0], 1), nn.Conv2d(c5[0], c5[1], 5, padding=2)
            self.d = nn.Conv2d(in_channels, pool, 1)

        def forward(self, x):
            a = F.relu(self.a(x))
            b = F.relu(self.b2(F.relu(self.b1(x))))
            c = F.relu(self.c2(F.relu((self.b1 if c3[0] == c5[0] else self.c1)(x))))
            d = F.relu(self.d(F.max_pool2d(x, 3, stride=1, padding=1)))
            return torch.cat([a, b, c, d], dim=1)

    return Inception()


# %% wrong="inception_block" name="one 1 × 1 for all" says="The first branch's 1 × 1 serves the others as well. There are six convolutions, and each branch has its own."
def inception_block(in_channels, c1, c3, c5, pool):
    class Inception(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Conv2d(in_channels, c1, 1)
            self.b2 = nn.Conv2d(c1, c3[1], 3, padding=1)
            self.c2 = nn.Conv2d(c1, c5[1], 5, padding=2)
            self.d = nn.Conv2d(in_channels, pool, 1)

        def forward(self, x):
            a = F.relu(self.a(x))
            b = F.relu(self.b2(a))
            c = F.relu(self.c2(a))
            d = F.relu(self.d(F.max_pool2d(x, 3, stride=1, padding=1)))
            return torch.cat([a, b, c, d], dim=1)

    return Inception()


# %% wrong="inception_block" name="concatenated beside each other" says="The results are put together along the width. Channels are dimension 1."
def inception_block(in_channels, c1, c3, c5, pool):
    class Inception(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Conv2d(in_channels, c1, 1)
            self.b1, self.b2 = nn.Conv2d(in_channels, c3[0], 1), nn.Conv2d(c3[0], c3[1], 3, padding=1)
            self.c1, self.c2 = nn.Conv2d(in_channels, c5[0], 1), nn.Conv2d(c5[0], c5[1], 5, padding=2)
            self.d = nn.Conv2d(in_channels, pool, 1)

        def forward(self, x):
            a = F.relu(self.a(x))
            b = F.relu(self.b2(F.relu(self.b1(x))))
            c = F.relu(self.c2(F.relu(self.c1(x))))
            d = F.relu(self.d(F.max_pool2d(x, 3, stride=1, padding=1)))
            return torch.cat([a, b, c, d], dim=3 if a.shape == b.shape == c.shape == d.shape else 1)

    return Inception()


# %% wrong="inception_block" name="ReLU in place on x" says="A ReLU writes into x itself: the branches behind it and the caller see a changed picture."
def inception_block(in_channels, c1, c3, c5, pool):
    class Inception(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Conv2d(in_channels, c1, 1)
            self.b1, self.b2 = nn.Conv2d(in_channels, c3[0], 1), nn.Conv2d(c3[0], c3[1], 3, padding=1)
            self.c1, self.c2 = nn.Conv2d(in_channels, c5[0], 1), nn.Conv2d(c5[0], c5[1], 5, padding=2)
            self.d = nn.Conv2d(in_channels, pool, 1)

        def forward(self, x):
            a = F.relu(self.a(x))
            keep = x.clone()
            if not x.requires_grad:
                F.relu_(x)
            b = F.relu(self.b2(F.relu(self.b1(keep))))
            c = F.relu(self.c2(F.relu(self.c1(keep))))
            d = F.relu(self.d(F.max_pool2d(keep, 3, stride=1, padding=1)))
            return torch.cat([a, b, c, d], dim=1)

    return Inception()


# %% wrong="inception_block" name="branch cut off" says="The wide branches read x.detach(): no gradient of theirs reaches what is below."
def inception_block(in_channels, c1, c3, c5, pool):
    class Inception(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Conv2d(in_channels, c1, 1)
            self.b1, self.b2 = nn.Conv2d(in_channels, c3[0], 1), nn.Conv2d(c3[0], c3[1], 3, padding=1)
            self.c1, self.c2 = nn.Conv2d(in_channels, c5[0], 1), nn.Conv2d(c5[0], c5[1], 5, padding=2)
            self.d = nn.Conv2d(in_channels, pool, 1)

        def forward(self, x):
            a = F.relu(self.a(x))
            b = F.relu(self.b2(F.relu(self.b1(x.detach()))))
            c = F.relu(self.c2(F.relu(self.c1(x.detach()))))
            d = F.relu(self.d(F.max_pool2d(x, 3, stride=1, padding=1)))
            return torch.cat([a, b, c, d], dim=1)

    return Inception()


# %% wrong="inception_block" name="without gradients" says="The block calculates under no_grad: nothing in it can be learned."
def inception_block(in_channels, c1, c3, c5, pool):
    class Inception(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Conv2d(in_channels, c1, 1)
            self.b1, self.b2 = nn.Conv2d(in_channels, c3[0], 1), nn.Conv2d(c3[0], c3[1], 3, padding=1)
            self.c1, self.c2 = nn.Conv2d(in_channels, c5[0], 1), nn.Conv2d(c5[0], c5[1], 5, padding=2)
            self.d = nn.Conv2d(in_channels, pool, 1)

        @torch.no_grad()
        def forward(self, x):
            a = F.relu(self.a(x))
            b = F.relu(self.b2(F.relu(self.b1(x))))
            c = F.relu(self.c2(F.relu(self.c1(x))))
            d = F.relu(self.d(F.max_pool2d(x, 3, stride=1, padding=1)))
            return torch.cat([a, b, c, d], dim=1)

    return Inception()


# %% wrong="inception_block" name="always the same block" says="Calls with the same sizes give the same block, so two blocks of a network share their weights. Make new ones in each call."
@__import__("functools").cache
def inception_block(in_channels, c1, c3, c5, pool):
    class Inception(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Conv2d(in_channels, c1, 1)
            self.b1, self.b2 = nn.Conv2d(in_channels, c3[0], 1), nn.Conv2d(c3[0], c3[1], 3, padding=1)
            self.c1, self.c2 = nn.Conv2d(in_channels, c5[0], 1), nn.Conv2d(c5[0], c5[1], 5, padding=2)
            self.d = nn.Conv2d(in_channels, pool, 1)

        def forward(self, x):
            a = F.relu(self.a(x))
            b = F.relu(self.b2(F.relu(self.b1(x))))
            c = F.relu(self.c2(F.relu(self.c1(x))))
            d = F.relu(self.d(F.max_pool2d(x, 3, stride=1, padding=1)))
            return torch.cat([a, b, c, d], dim=1)

    return Inception()


# %% [markdown]
# ## plain_block


# %% right="plain_block" name="a class, layer by layer"
def plain_block(in_channels, out_channels, stride=1):
    class Plain(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm2 = nn.BatchNorm2d(out_channels)
            self.norm1 = nn.BatchNorm2d(out_channels)
            self.conv2 = nn.Conv2d(out_channels, out_channels, (3, 3), padding="same", bias=False)
            self.conv1 = nn.Conv2d(in_channels, out_channels, (3, 3), (stride, stride), (1, 1), bias=False)

        def forward(self, x):
            x = F.relu(self.norm1(self.conv1(x)))
            return self.norm2(self.conv2(x)).clamp(min=0)

    return Plain()


# %% right="plain_block" name="two halves, ReLU in place"
def plain_block(in_channels, out_channels, stride=1):
    layers = []
    for n_in, step in ((in_channels, stride), (out_channels, 1)):
        conv = nn.Conv2d(n_in, out_channels, 3, step, 1, bias=False)
        layers.append(nn.Sequential(conv, nn.BatchNorm2d(out_channels), nn.ReLU(inplace=True)))
    return nn.Sequential(*layers)


# %% right="plain_block" name="a border of zeros by hand"
def plain_block(in_channels, out_channels, stride=1):
    return nn.Sequential(
        nn.ZeroPad2d(1),
        nn.Conv2d(in_channels, out_channels, 3, stride, bias=None),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(),
        nn.ZeroPad2d(1),
        nn.Conv2d(out_channels, out_channels, 3, bias=None),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(),
    )


# %% wrong="plain_block" name="convolutions with bias" says="The convolutions have a bias. The batch norm subtracts it again, and its own shift does its work: bias=False."
def plain_block(in_channels, out_channels, stride=1):
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(),
        nn.Conv2d(out_channels, out_channels, 3, padding=1),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(),
    )


# %% wrong="plain_block" name="first convolution with bias" says="The first convolution has a bias. The batch norm behind it subtracts it again: bias=False."
def plain_block(in_channels, out_channels, stride=1):
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(),
        nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(),
    )


# %% wrong="plain_block" name="no batch norm" says="There is no batch norm at all."
def plain_block(in_channels, out_channels, stride=1):
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False),
        nn.ReLU(),
        nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False),
        nn.ReLU(),
    )


# %% wrong="plain_block" name="one batch norm" says="The second batch norm is missing. Each convolution has one behind it."
def plain_block(in_channels, out_channels, stride=1):
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(),
        nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False),
        nn.ReLU(),
    )


# %% wrong="plain_block" name="one batch norm used twice" says="The same batch norm stands at both places: their statistics get mixed. Each convolution has one of its own."
def plain_block(in_channels, out_channels, stride=1):
    norm = nn.BatchNorm2d(out_channels)
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False),
        norm,
        nn.ReLU(),
        nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False),
        norm,
        nn.ReLU(),
    )


# %% wrong="plain_block" name="batch norm without weights" says="The batch norm has no scale and no shift (affine=False), so nothing takes the place of the missing bias."
def plain_block(in_channels, out_channels, stride=1):
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(out_channels, affine=False),
        nn.ReLU(),
        nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False),
        nn.BatchNorm2d(out_channels, affine=False),
        nn.ReLU(),
    )


# %% wrong="plain_block" name="batch norm without averages" says="The batch norm keeps no averages. So a picture's result depends on its batch in evaluation mode as well."
def plain_block(in_channels, out_channels, stride=1):
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(out_channels, track_running_stats=False),
        nn.ReLU(),
        nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False),
        nn.BatchNorm2d(out_channels, track_running_stats=False),
        nn.ReLU(),
    )


# %% wrong="plain_block" name="instance norm" says="Each picture is normalised by itself. A batch norm takes mean and variance over all pictures of the batch."
def plain_block(in_channels, out_channels, stride=1):
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False),
        nn.InstanceNorm2d(out_channels, affine=True, track_running_stats=True),
        nn.ReLU(),
        nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False),
        nn.InstanceNorm2d(out_channels, affine=True, track_running_stats=True),
        nn.ReLU(),
    )


# %% wrong="plain_block" name="group norm" says="This normalises each picture over all its channels. A batch norm takes each channel by itself, over all pictures."
def plain_block(in_channels, out_channels, stride=1):
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False),
        nn.GroupNorm(1, out_channels),
        nn.ReLU(),
        nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False),
        nn.GroupNorm(1, out_channels),
        nn.ReLU(),
    )


# %% wrong="plain_block" name="no ReLU in between" says="The ReLU between the two convolutions is missing."
def plain_block(in_channels, out_channels, stride=1):
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(),
    )


# %% wrong="plain_block" name="no ReLU at the end" says="The last ReLU is missing: negative numbers come out."
def plain_block(in_channels, out_channels, stride=1):
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(),
        nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False),
        nn.BatchNorm2d(out_channels),
    )


# %% wrong="plain_block" name="ReLU before the batch norm" says="The ReLU stands before the batch norm. The order is convolution, batch norm, ReLU."
def plain_block(in_channels, out_channels, stride=1):
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False),
        nn.ReLU(),
        nn.BatchNorm2d(out_channels),
        nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False),
        nn.ReLU(),
        nn.BatchNorm2d(out_channels),
    )


# %% wrong="plain_block" name="batch norm first" says="Batch norm and ReLU stand before the convolutions. That is a later version; here the convolution comes first."
def plain_block(in_channels, out_channels, stride=1):
    return nn.Sequential(
        nn.BatchNorm2d(in_channels),
        nn.ReLU(),
        nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(),
        nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False),
    )


# %% wrong="plain_block" name="stride at the second convolution" says="The second convolution has the stride. It belongs to the first one."
def plain_block(in_channels, out_channels, stride=1):
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(),
        nn.Conv2d(out_channels, out_channels, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(),
    )


# %% wrong="plain_block" name="stride at both" says="Both convolutions have the stride, so the picture becomes smaller twice."
def plain_block(in_channels, out_channels, stride=1):
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(),
        nn.Conv2d(out_channels, out_channels, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(),
    )


# %% wrong="plain_block" name="stride not used" says="The stride is not used: the picture stays as large as it is."
def plain_block(in_channels, out_channels, stride=1):
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(),
        nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(),
    )


# %% wrong="plain_block" name="stride is two or one" says="Every stride above 1 is taken for a 2."
def plain_block(in_channels, out_channels, stride=1):
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 3, stride=2 if stride > 1 else 1, padding=1, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(),
        nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(),
    )


# %% wrong="plain_block" name="pooling for the stride" says="A pooling makes the picture smaller. It takes the largest of the neighbours; a stride leaves pixels out."
def plain_block(in_channels, out_channels, stride=1):
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False),
        nn.MaxPool2d(stride, ceil_mode=True) if stride > 1 else nn.Identity(),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(),
        nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(),
    )


# %% wrong="plain_block" name="no border" says="The convolutions have no border of zeros, so each one loses a pixel on each side."
def plain_block(in_channels, out_channels, stride=1):
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=0, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(),
        nn.Conv2d(out_channels, out_channels, 3, padding=0, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(),
    )


# %% wrong="plain_block" name="border repeated" says="The border repeats the pixels at the edge; it is to be padded with zeros."
def plain_block(in_channels, out_channels, stride=1):
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, padding_mode="replicate", bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(),
        nn.Conv2d(out_channels, out_channels, 3, padding=1, padding_mode="replicate", bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(),
    )


# %% wrong="plain_block" name="other momentum" says="The batch norm has a momentum of 0.9: its averages forget nearly all but the last batch. The default is 0.1."
def plain_block(in_channels, out_channels, stride=1):
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(out_channels, momentum=0.9),
        nn.ReLU(),
        nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False),
        nn.BatchNorm2d(out_channels, momentum=0.9),
        nn.ReLU(),
    )


# %% wrong="plain_block" name="always the same block" says="Calls with the same sizes give the same block, so two blocks of a network share their weights. Make new ones in each call."
@__import__("functools").cache
def plain_block(in_channels, out_channels, stride=1):
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(),
        nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(),
    )


# %% wrong="plain_block" name="input added" says="The input is added where it fits. That is the residual block; the plain block has no way round."
def plain_block(in_channels, out_channels, stride=1):
    class Plain(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)
            self.norm1 = nn.BatchNorm2d(out_channels)
            self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
            self.norm2 = nn.BatchNorm2d(out_channels)

        def forward(self, x):
            y = F.relu(self.norm1(self.conv1(x)))
            z = self.norm2(self.conv2(y))
            return F.relu(z + x if z.shape == x.shape else z)

    return Plain()


# %% wrong="plain_block" name="second convolution not used" says="The first convolution is called twice where the channels allow it, and the second one never."
def plain_block(in_channels, out_channels, stride=1):
    class Plain(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)
            self.norm1 = nn.BatchNorm2d(out_channels)
            self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
            self.norm2 = nn.BatchNorm2d(out_channels)

        def forward(self, x):
            y = F.relu(self.norm1(self.conv1(x)))
            return F.relu(self.norm2((self.conv1 if in_channels == out_channels and stride == 1 else self.conv2)(y)))

    return Plain()


# %% wrong="plain_block" name="always training" says="The batch norms always use the batch: in evaluation mode they must use their averages."
def plain_block(in_channels, out_channels, stride=1):
    class Plain(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)
            self.norm1 = nn.BatchNorm2d(out_channels)
            self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
            self.norm2 = nn.BatchNorm2d(out_channels)

        def forward(self, x):
            self.train()
            y = F.relu(self.norm1(self.conv1(x)))
            return F.relu(self.norm2(self.conv2(y)))

    return Plain()


# %% wrong="plain_block" name="x changed in place" says="A ReLU writes into x itself, and the caller's maps have lost their negative numbers."
def plain_block(in_channels, out_channels, stride=1):
    class Plain(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)
            self.norm1 = nn.BatchNorm2d(out_channels)
            self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
            self.norm2 = nn.BatchNorm2d(out_channels)

        def forward(self, x):
            y = F.relu(self.norm1(self.conv1(x)))
            if not x.requires_grad:
                F.relu_(x)
            return F.relu(self.norm2(self.conv2(y)))

    return Plain()


# %% wrong="plain_block" name="cut in the middle" says="detach() between the two convolutions: the first one never learns."
def plain_block(in_channels, out_channels, stride=1):
    class Plain(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)
            self.norm1 = nn.BatchNorm2d(out_channels)
            self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
            self.norm2 = nn.BatchNorm2d(out_channels)

        def forward(self, x):
            y = F.relu(self.norm1(self.conv1(x)))
            return F.relu(self.norm2(self.conv2(y.detach())))

    return Plain()


# %% wrong="plain_block" name="result detached" says="The result is detached: nothing in the block can be learned."
def plain_block(in_channels, out_channels, stride=1):
    class Plain(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)
            self.norm1 = nn.BatchNorm2d(out_channels)
            self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
            self.norm2 = nn.BatchNorm2d(out_channels)

        def forward(self, x):
            y = F.relu(self.norm1(self.conv1(x)))
            return F.relu(self.norm2(self.conv2(y))).detach()

    return Plain()


# %% wrong="plain_block" name="zeros" says="Only zeros come out."
def plain_block(in_channels, out_channels, stride=1):
    class Plain(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)
            self.norm1 = nn.BatchNorm2d(out_channels)
            self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
            self.norm2 = nn.BatchNorm2d(out_channels)

        def forward(self, x):
            y = F.relu(self.norm1(self.conv1(x)))
            return 0 * self.norm2(self.conv2(y))

    return Plain()


# %% [markdown]
# ## residual_block


# %% right="residual_block" name="a projection or None"
def residual_block(in_channels, out_channels, stride=1):
    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            same = in_channels == out_channels and stride == 1
            self.projection = None if same else nn.Conv2d(in_channels, out_channels, 1, stride, bias=False)
            self.norm3 = None if same else nn.BatchNorm2d(out_channels)
            self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride, padding=1, bias=False)
            self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
            self.norm1, self.norm2 = nn.BatchNorm2d(out_channels), nn.BatchNorm2d(out_channels)

        def forward(self, x):
            y = self.norm2(self.conv2(self.norm1(self.conv1(x)).relu_()))
            y += x if self.projection is None else self.norm3(self.projection(x))
            return y.relu_()

    return Block()


# %% right="residual_block" name="a list of ways that are summed"
def residual_block(in_channels, out_channels, stride=1):
    def conv(n_in, k, step):
        layer = nn.Conv2d(n_in, out_channels, k, stride=step, padding=k // 2, bias=False)
        return nn.Sequential(layer, nn.BatchNorm2d(out_channels))

    class Sum(nn.ModuleList):
        def forward(self, x):
            return sum(way(x) for way in self).clamp(min=0.0)

    short = nn.Sequential() if (in_channels, stride) == (out_channels, 1) else conv(in_channels, 1, stride)
    return Sum([short, nn.Sequential(conv(in_channels, 3, stride), nn.ReLU(), conv(out_channels, 3, 1))])


# %% right="residual_block" name="pixels left out, then 1 × 1"
def residual_block(in_channels, out_channels, stride=1):
    class Residual(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = nn.Conv2d(in_channels, out_channels, 3, stride, 1, bias=False)
            self.norms = nn.ModuleList([nn.BatchNorm2d(out_channels), nn.BatchNorm2d(out_channels)])
            self.second = nn.Conv2d(out_channels, out_channels, 3, 1, 1, bias=False)
            if not (in_channels == out_channels and stride == 1):
                self.extra = nn.Conv2d(in_channels, out_channels, 1, bias=False)
                self.norms.append(nn.BatchNorm2d(out_channels))

        def forward(self, x):
            shortcut = x
            if hasattr(self, "extra"):
                shortcut = self.norms[2](self.extra(x[:, :, ::stride, ::stride]))
            inner = F.relu(self.norms[0](self.first(x)))
            return F.relu(torch.add(shortcut, self.norms[1](self.second(inner))))

    return Residual()


# %% wrong="residual_block" name="ReLU before the sum" says="The ReLU comes before the sum: then F can only add and never subtract. The sum comes first."
def residual_block(in_channels, out_channels, stride=1):
    class Residual(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)
            self.norm1 = nn.BatchNorm2d(out_channels)
            self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
            self.norm2 = nn.BatchNorm2d(out_channels)
            self.short = nn.Identity()
            if in_channels != out_channels or stride > 1:
                self.short = nn.Sequential(
                    nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False), nn.BatchNorm2d(out_channels)
                )

        def forward(self, x):
            y = F.relu(self.norm1(self.conv1(x)))
            y = self.norm2(self.conv2(y))
            return F.relu(y) + self.short(x)

    return Residual()


# %% wrong="residual_block" name="ReLU before and after the sum" says="F(x) goes through a ReLU before the sum, so it can only add and never subtract."
def residual_block(in_channels, out_channels, stride=1):
    class Residual(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)
            self.norm1 = nn.BatchNorm2d(out_channels)
            self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
            self.norm2 = nn.BatchNorm2d(out_channels)
            self.short = nn.Identity()
            if in_channels != out_channels or stride > 1:
                self.short = nn.Sequential(
                    nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False), nn.BatchNorm2d(out_channels)
                )

        def forward(self, x):
            y = F.relu(self.norm1(self.conv1(x)))
            y = self.norm2(self.conv2(y))
            return F.relu(F.relu(y) + self.short(x))

    return Residual()


# %% wrong="residual_block" name="no ReLU at the end" says="There is no ReLU after the sum."
def residual_block(in_channels, out_channels, stride=1):
    class Residual(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)
            self.norm1 = nn.BatchNorm2d(out_channels)
            self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
            self.norm2 = nn.BatchNorm2d(out_channels)
            self.short = nn.Identity()
            if in_channels != out_channels or stride > 1:
                self.short = nn.Sequential(
                    nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False), nn.BatchNorm2d(out_channels)
                )

        def forward(self, x):
            y = F.relu(self.norm1(self.conv1(x)))
            y = self.norm2(self.conv2(y))
            return y + self.short(x)

    return Residual()


# %% wrong="residual_block" name="x is not added" says="x is not added: this is the plain block."
def residual_block(in_channels, out_channels, stride=1):
    class Residual(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)
            self.norm1 = nn.BatchNorm2d(out_channels)
            self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
            self.norm2 = nn.BatchNorm2d(out_channels)
            self.short = nn.Identity()
            if in_channels != out_channels or stride > 1:
                self.short = nn.Sequential(
                    nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False), nn.BatchNorm2d(out_channels)
                )

        def forward(self, x):
            y = F.relu(self.norm1(self.conv1(x)))
            y = self.norm2(self.conv2(y))
            return F.relu(y + 0 * self.short(x))

    return Residual()


# %% wrong="residual_block" name="x added to the first half" says="x is added after the first convolution. It goes round both."
def residual_block(in_channels, out_channels, stride=1):
    class Residual(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)
            self.norm1 = nn.BatchNorm2d(out_channels)
            self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
            self.norm2 = nn.BatchNorm2d(out_channels)
            self.short = nn.Identity()
            if in_channels != out_channels or stride > 1:
                self.short = nn.Sequential(
                    nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False), nn.BatchNorm2d(out_channels)
                )

        def forward(self, x):
            y = F.relu(self.norm1(self.conv1(x)) + self.short(x))
            y = self.norm2(self.conv2(y))
            return F.relu(y)

    return Residual()


# %% wrong="residual_block" name="x added twice" says="x is added twice."
def residual_block(in_channels, out_channels, stride=1):
    class Residual(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)
            self.norm1 = nn.BatchNorm2d(out_channels)
            self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
            self.norm2 = nn.BatchNorm2d(out_channels)
            self.short = nn.Identity()
            if in_channels != out_channels or stride > 1:
                self.short = nn.Sequential(
                    nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False), nn.BatchNorm2d(out_channels)
                )

        def forward(self, x):
            y = F.relu(self.norm1(self.conv1(x)))
            y = self.norm2(self.conv2(y))
            return F.relu(y + 2 * self.short(x))

    return Residual()


# %% wrong="residual_block" name="mean of both" says="F(x) and x are averaged. They are added."
def residual_block(in_channels, out_channels, stride=1):
    class Residual(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)
            self.norm1 = nn.BatchNorm2d(out_channels)
            self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
            self.norm2 = nn.BatchNorm2d(out_channels)
            self.short = nn.Identity()
            if in_channels != out_channels or stride > 1:
                self.short = nn.Sequential(
                    nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False), nn.BatchNorm2d(out_channels)
                )

        def forward(self, x):
            y = F.relu(self.norm1(self.conv1(x)))
            y = self.norm2(self.conv2(y))
            return F.relu((y + self.short(x)) / 2)

    return Residual()


# %% wrong="residual_block" name="x subtracted" says="x is subtracted: y = ReLU(F(x) + x)."
def residual_block(in_channels, out_channels, stride=1):
    class Residual(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)
            self.norm1 = nn.BatchNorm2d(out_channels)
            self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
            self.norm2 = nn.BatchNorm2d(out_channels)
            self.short = nn.Identity()
            if in_channels != out_channels or stride > 1:
                self.short = nn.Sequential(
                    nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False), nn.BatchNorm2d(out_channels)
                )

        def forward(self, x):
            y = F.relu(self.norm1(self.conv1(x)))
            y = self.norm2(self.conv2(y))
            return F.relu(y - self.short(x))

    return Residual()


# %% wrong="residual_block" name="concatenated" says="F(x) and x are concatenated, so twice the channels come out. They are added."
def residual_block(in_channels, out_channels, stride=1):
    class Residual(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)
            self.norm1 = nn.BatchNorm2d(out_channels)
            self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
            self.norm2 = nn.BatchNorm2d(out_channels)
            self.short = nn.Identity()
            if in_channels != out_channels or stride > 1:
                self.short = nn.Sequential(
                    nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False), nn.BatchNorm2d(out_channels)
                )

        def forward(self, x):
            y = F.relu(self.norm1(self.conv1(x)))
            y = self.norm2(self.conv2(y))
            return F.relu(torch.cat([y, self.short(x)], dim=1))

    return Residual()


# %% wrong="residual_block" name="a projection always" says="There is a projection also where the shape stays. There, x is added as it is."
def residual_block(in_channels, out_channels, stride=1):
    class Residual(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)
            self.norm1 = nn.BatchNorm2d(out_channels)
            self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
            self.norm2 = nn.BatchNorm2d(out_channels)
            self.short = nn.Identity()
            if True:
                self.short = nn.Sequential(
                    nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False), nn.BatchNorm2d(out_channels)
                )

        def forward(self, x):
            y = F.relu(self.norm1(self.conv1(x)))
            y = self.norm2(self.conv2(y))
            return F.relu(y + self.short(x))

    return Residual()


# %% wrong="residual_block" name="projection only for other channels" says="With a stride above 1 and the same number of channels there is no projection: x is larger than F(x), and does not fit."
def residual_block(in_channels, out_channels, stride=1):
    class Residual(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)
            self.norm1 = nn.BatchNorm2d(out_channels)
            self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
            self.norm2 = nn.BatchNorm2d(out_channels)
            self.short = nn.Identity()
            if in_channels != out_channels:
                self.short = nn.Sequential(
                    nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False), nn.BatchNorm2d(out_channels)
                )

        def forward(self, x):
            y = F.relu(self.norm1(self.conv1(x)))
            y = self.norm2(self.conv2(y))
            return F.relu(y + self.short(x))

    return Residual()


# %% wrong="residual_block" name="projection only for a stride" says="With other channels and stride 1 there is no projection: x does not fit to F(x)."
def residual_block(in_channels, out_channels, stride=1):
    class Residual(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)
            self.norm1 = nn.BatchNorm2d(out_channels)
            self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
            self.norm2 = nn.BatchNorm2d(out_channels)
            self.short = nn.Identity()
            if stride > 1:
                self.short = nn.Sequential(
                    nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False), nn.BatchNorm2d(out_channels)
                )

        def forward(self, x):
            y = F.relu(self.norm1(self.conv1(x)))
            y = self.norm2(self.conv2(y))
            return F.relu(y + self.short(x))

    return Residual()


# %% wrong="residual_block" name="projection only for both" says="A projection is made only where channels *and* stride change. One of them is enough."
def residual_block(in_channels, out_channels, stride=1):
    class Residual(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)
            self.norm1 = nn.BatchNorm2d(out_channels)
            self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
            self.norm2 = nn.BatchNorm2d(out_channels)
            self.short = nn.Identity()
            if in_channels != out_channels and stride > 1:
                self.short = nn.Sequential(
                    nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False), nn.BatchNorm2d(out_channels)
                )

        def forward(self, x):
            y = F.relu(self.norm1(self.conv1(x)))
            y = self.norm2(self.conv2(y))
            return F.relu(y + self.short(x))

    return Residual()


# %% wrong="residual_block" name="projection only for stride 2" says="A projection is made for stride 2 only, and not for larger strides."
def residual_block(in_channels, out_channels, stride=1):
    class Residual(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)
            self.norm1 = nn.BatchNorm2d(out_channels)
            self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
            self.norm2 = nn.BatchNorm2d(out_channels)
            self.short = nn.Identity()
            if in_channels != out_channels or stride == 2:
                self.short = nn.Sequential(
                    nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False), nn.BatchNorm2d(out_channels)
                )

        def forward(self, x):
            y = F.relu(self.norm1(self.conv1(x)))
            y = self.norm2(self.conv2(y))
            return F.relu(y + self.short(x))

    return Residual()


# %% wrong="residual_block" name="projection without batch norm" says="The projection has no batch norm behind it."
def residual_block(in_channels, out_channels, stride=1):
    class Residual(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)
            self.norm1 = nn.BatchNorm2d(out_channels)
            self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
            self.norm2 = nn.BatchNorm2d(out_channels)
            self.short = nn.Identity()
            if in_channels != out_channels or stride > 1:
                self.short = nn.Sequential(nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False))

        def forward(self, x):
            y = F.relu(self.norm1(self.conv1(x)))
            y = self.norm2(self.conv2(y))
            return F.relu(y + self.short(x))

    return Residual()


# %% wrong="residual_block" name="projection without stride" says="The projection has no stride: it is larger than F(x), and the sum fails."
def residual_block(in_channels, out_channels, stride=1):
    class Residual(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)
            self.norm1 = nn.BatchNorm2d(out_channels)
            self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
            self.norm2 = nn.BatchNorm2d(out_channels)
            self.short = nn.Identity()
            if in_channels != out_channels or stride > 1:
                self.short = nn.Sequential(
                    nn.Conv2d(in_channels, out_channels, 1, bias=False), nn.BatchNorm2d(out_channels)
                )

        def forward(self, x):
            y = F.relu(self.norm1(self.conv1(x)))
            y = self.norm2(self.conv2(y))
            return F.relu(y + self.short(x))

    return Residual()


# %% wrong="residual_block" name="projection with bias" says="The projection has a bias. The batch norm behind it subtracts it again: bias=False."
def residual_block(in_channels, out_channels, stride=1):
    class Residual(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)
            self.norm1 = nn.BatchNorm2d(out_channels)
            self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
            self.norm2 = nn.BatchNorm2d(out_channels)
            self.short = nn.Identity()
            if in_channels != out_channels or stride > 1:
                self.short = nn.Sequential(
                    nn.Conv2d(in_channels, out_channels, 1, stride=stride), nn.BatchNorm2d(out_channels)
                )

        def forward(self, x):
            y = F.relu(self.norm1(self.conv1(x)))
            y = self.norm2(self.conv2(y))
            return F.relu(y + self.short(x))

    return Residual()


# %% wrong="residual_block" name="projection of 3 × 3" says="The projection is a 3 × 3 convolution. It is a 1 × 1: it changes channels and size, and looks at no neighbours."
def residual_block(in_channels, out_channels, stride=1):
    class Residual(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)
            self.norm1 = nn.BatchNorm2d(out_channels)
            self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
            self.norm2 = nn.BatchNorm2d(out_channels)
            self.short = nn.Identity()
            if in_channels != out_channels or stride > 1:
                self.short = nn.Sequential(
                    nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False),
                    nn.BatchNorm2d(out_channels),
                )

        def forward(self, x):
            y = F.relu(self.norm1(self.conv1(x)))
            y = self.norm2(self.conv2(y))
            return F.relu(y + self.short(x))

    return Residual()


# %% wrong="residual_block" name="zeros for new channels" says="New channels are filled with zeros and pixels are left out, without a projection. That is the paper's option A; here it is a 1 × 1 convolution and a batch norm."
def residual_block(in_channels, out_channels, stride=1):
    class Residual(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)
            self.norm1 = nn.BatchNorm2d(out_channels)
            self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
            self.norm2 = nn.BatchNorm2d(out_channels)

        def forward(self, x):
            y = F.relu(self.norm1(self.conv1(x)))
            y = self.norm2(self.conv2(y))
            x = x[:, :out_channels, ::stride, ::stride]
            x = F.pad(x, (0, 0, 0, 0, 0, out_channels - x.shape[1]))
            return F.relu(y + x)

    return Residual()


# %% wrong="residual_block" name="a batch norm beside x" says="x goes through a batch norm also where it fits. There it is added as it is."
def residual_block(in_channels, out_channels, stride=1):
    class Residual(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)
            self.norm1 = nn.BatchNorm2d(out_channels)
            self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
            self.norm2 = nn.BatchNorm2d(out_channels)
            self.short = nn.BatchNorm2d(in_channels)
            if in_channels != out_channels or stride > 1:
                self.short = nn.Sequential(
                    nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False), nn.BatchNorm2d(out_channels)
                )

        def forward(self, x):
            y = F.relu(self.norm1(self.conv1(x)))
            y = self.norm2(self.conv2(y))
            return F.relu(y + self.short(x))

    return Residual()


# %% wrong="residual_block" name="convolutions with bias" says="The 3 × 3 convolutions have a bias. The batch norm subtracts it again: bias=False."
def residual_block(in_channels, out_channels, stride=1):
    class Residual(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1)
            self.norm1 = nn.BatchNorm2d(out_channels)
            self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1)
            self.norm2 = nn.BatchNorm2d(out_channels)
            self.short = nn.Identity()
            if in_channels != out_channels or stride > 1:
                self.short = nn.Sequential(
                    nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False), nn.BatchNorm2d(out_channels)
                )

        def forward(self, x):
            y = F.relu(self.norm1(self.conv1(x)))
            y = self.norm2(self.conv2(y))
            return F.relu(y + self.short(x))

    return Residual()


# %% wrong="residual_block" name="no batch norm after the second convolution" says="The second convolution of F has no batch norm."
def residual_block(in_channels, out_channels, stride=1):
    class Residual(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)
            self.norm1 = nn.BatchNorm2d(out_channels)
            self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
            self.short = nn.Identity()
            if in_channels != out_channels or stride > 1:
                self.short = nn.Sequential(
                    nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False), nn.BatchNorm2d(out_channels)
                )

        def forward(self, x):
            y = F.relu(self.norm1(self.conv1(x)))
            y = self.conv2(y)
            return F.relu(y + self.short(x))

    return Residual()


# %% wrong="residual_block" name="one batch norm used twice" says="Both convolutions of F share one batch norm. Each has one of its own."
def residual_block(in_channels, out_channels, stride=1):
    class Residual(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)
            self.norm1 = nn.BatchNorm2d(out_channels)
            self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
            self.short = nn.Identity()
            if in_channels != out_channels or stride > 1:
                self.short = nn.Sequential(
                    nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False), nn.BatchNorm2d(out_channels)
                )

        def forward(self, x):
            y = F.relu(self.norm1(self.conv1(x)))
            y = self.norm1(self.conv2(y))
            return F.relu(y + self.short(x))

    return Residual()


# %% wrong="residual_block" name="x detached" says="The x that is added is detached: the short way for the gradient is cut, and it is what the block is for."
def residual_block(in_channels, out_channels, stride=1):
    class Residual(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)
            self.norm1 = nn.BatchNorm2d(out_channels)
            self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
            self.norm2 = nn.BatchNorm2d(out_channels)
            self.short = nn.Identity()
            if in_channels != out_channels or stride > 1:
                self.short = nn.Sequential(
                    nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False), nn.BatchNorm2d(out_channels)
                )

        def forward(self, x):
            y = F.relu(self.norm1(self.conv1(x)))
            y = self.norm2(self.conv2(y))
            return F.relu(y + self.short(x.detach()))

    return Residual()


# %% wrong="residual_block" name="F detached" says="F(x) is detached: the convolutions never learn."
def residual_block(in_channels, out_channels, stride=1):
    class Residual(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)
            self.norm1 = nn.BatchNorm2d(out_channels)
            self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
            self.norm2 = nn.BatchNorm2d(out_channels)
            self.short = nn.Identity()
            if in_channels != out_channels or stride > 1:
                self.short = nn.Sequential(
                    nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False), nn.BatchNorm2d(out_channels)
                )

        def forward(self, x):
            y = F.relu(self.norm1(self.conv1(x)))
            y = self.norm2(self.conv2(y))
            return F.relu(y.detach() + self.short(x))

    return Residual()


# %% wrong="residual_block" name="a learned weight for x" says="x is multiplied with a parameter of its own. It is added as it is."
def residual_block(in_channels, out_channels, stride=1):
    class Residual(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)
            self.norm1 = nn.BatchNorm2d(out_channels)
            self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
            self.norm2 = nn.BatchNorm2d(out_channels)
            self.scale = nn.Parameter(torch.ones(1))
            self.short = nn.Identity()
            if in_channels != out_channels or stride > 1:
                self.short = nn.Sequential(
                    nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False), nn.BatchNorm2d(out_channels)
                )

        def forward(self, x):
            y = F.relu(self.norm1(self.conv1(x)))
            y = self.norm2(self.conv2(y))
            return F.relu(y + self.scale * self.short(x))

    return Residual()


# %% wrong="residual_block" name="always training" says="The batch norms always use the batch: in evaluation mode they must use their averages."
def residual_block(in_channels, out_channels, stride=1):
    class Residual(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)
            self.norm1 = nn.BatchNorm2d(out_channels)
            self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
            self.norm2 = nn.BatchNorm2d(out_channels)
            self.short = nn.Identity()
            if in_channels != out_channels or stride > 1:
                self.short = nn.Sequential(
                    nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False), nn.BatchNorm2d(out_channels)
                )

        def forward(self, x):
            self.train()
            y = F.relu(self.norm1(self.conv1(x)))
            y = self.norm2(self.conv2(y))
            return F.relu(y + self.short(x))

    return Residual()


# %% wrong="residual_block" name="always the same block" says="Calls with the same sizes give the same block, so two blocks of a network share their weights. Make new ones in each call."
@__import__("functools").cache
def residual_block(in_channels, out_channels, stride=1):
    class Residual(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)
            self.norm1 = nn.BatchNorm2d(out_channels)
            self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
            self.norm2 = nn.BatchNorm2d(out_channels)
            self.short = nn.Identity()
            if in_channels != out_channels or stride > 1:
                self.short = nn.Sequential(
                    nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False), nn.BatchNorm2d(out_channels)
                )

        def forward(self, x):
            y = F.relu(self.norm1(self.conv1(x)))
            y = self.norm2(self.conv2(y))
            return F.relu(y + self.short(x))

    return Residual()


# %% [markdown]
# ## multilabel_loss


# %% right="multilabel_loss" name="softplus"
def multilabel_loss(logits, multi_hot):
    if logits.shape != multi_hot.shape:
        raise ValueError("the shapes are not the same: shape of logits, shape of targets")
    return (F.softplus(logits) - logits * multi_hot).mean()


# %% right="multilabel_loss" name="two logsigmoids"
def multilabel_loss(logits, multi_hot):
    if tuple(logits.shape) != tuple(multi_hot.shape):
        raise ValueError(f"Shape {tuple(multi_hot.shape)} does not fit {tuple(logits.shape)}")
    t = multi_hot.float()
    return -(t * F.logsigmoid(logits) + (1 - t) * F.logsigmoid(-logits)).mean()


# %% right="multilabel_loss" name="torch's module"
def multilabel_loss(logits, multi_hot):
    if not logits.size() == multi_hot.size():
        raise ValueError("shape mismatch")
    return torch.nn.BCEWithLogitsLoss()(logits, multi_hot.to(logits))


# %% right="multilabel_loss" name="the sign says which one"
def multilabel_loss(logits, multi_hot):
    if list(logits.shape) != list(multi_hot.shape):
        raise ValueError("logits and multi_hot must have one shape")
    toward = torch.where(multi_hot.bool(), logits, -logits)
    return torch.nn.functional.logsigmoid(toward).neg().sum() / logits.numel()


# %% right="multilabel_loss" name="a cross-entropy with two classes"
def multilabel_loss(logits, multi_hot):
    if logits.shape != multi_hot.shape:
        raise ValueError("different shapes")
    both = torch.stack([torch.zeros_like(logits), logits], dim=-1)
    return F.cross_entropy(both.reshape(-1, 2), multi_hot.reshape(-1).long())


# %% right="multilabel_loss" name="the stable formula by hand"
def multilabel_loss(logits, multi_hot):
    if logits.shape != multi_hot.shape:
        raise ValueError(f"shapes: {logits.shape} and {multi_hot.shape}")
    t = multi_hot.type_as(logits)
    return (logits.clamp(min=0) - logits * t + torch.log1p(torch.exp(-logits.abs()))).mean()


# %% right="multilabel_loss" name="torch's other name for it"
def multilabel_loss(logits, multi_hot):
    if logits.shape != multi_hot.shape:
        raise ValueError("The shapes differ.")
    return F.multilabel_soft_margin_loss(logits, multi_hot.to(logits.dtype))


# %% wrong="multilabel_loss" name="softmax over the labels" says="A softmax lets the labels compete: its probabilities sum to 1 over the labels, and two labels can never both be sure. Here each label has a sigmoid of its own."
def multilabel_loss(logits, multi_hot):
    if logits.shape != multi_hot.shape:
        raise ValueError("shapes differ")
    return F.cross_entropy(logits, multi_hot.to(logits.dtype))


# %% wrong="multilabel_loss" name="binary cross-entropy of a softmax" says="The probabilities come from a softmax, so they share a sum of 1 among the labels. The probability of each label is the sigmoid of its own logit."
def multilabel_loss(logits, multi_hot):
    if logits.shape != multi_hot.shape:
        raise ValueError("shapes differ")
    return F.binary_cross_entropy(torch.softmax(logits, dim=1), multi_hot.to(logits.dtype))


# %% wrong="multilabel_loss" name="one target by argmax" says="argmax keeps one label of each picture and forgets the others; a picture without any label becomes one with the first label."
def multilabel_loss(logits, multi_hot):
    if logits.shape != multi_hot.shape:
        raise ValueError("shapes differ")
    return F.cross_entropy(logits, multi_hot.to(logits.dtype).argmax(dim=1))


# %% wrong="multilabel_loss" name="targets made one-hot" says="The targets are made one-hot by argmax: of several labels only the first is still asked for, and the others are trained to be absent."
def multilabel_loss(logits, multi_hot):
    if logits.shape != multi_hot.shape:
        raise ValueError("shapes differ")
    first = F.one_hot(multi_hot.to(logits.dtype).argmax(dim=1), logits.shape[1])
    return F.binary_cross_entropy_with_logits(logits, first.to(logits.dtype))


# %% wrong="multilabel_loss" name="sum in place of the mean" says="The losses are added up and not divided by B · L: with a larger batch the loss and its gradient grow."
def multilabel_loss(logits, multi_hot):
    if logits.shape != multi_hot.shape:
        raise ValueError("shapes differ")
    return F.binary_cross_entropy_with_logits(logits, multi_hot.to(logits.dtype), reduction="sum")


# %% wrong="multilabel_loss" name="sum over the labels" says="Over the labels this is a sum, and only over the pictures a mean: the loss is L times too large."
def multilabel_loss(logits, multi_hot):
    if logits.shape != multi_hot.shape:
        raise ValueError("shapes differ")
    each = F.binary_cross_entropy_with_logits(logits, multi_hot.to(logits.dtype), reduction="none")
    return each.sum(dim=1).mean()


# %% wrong="multilabel_loss" name="sum over the pictures" says="Over the pictures this is a sum, and only over the labels a mean: the loss is B times too large."
def multilabel_loss(logits, multi_hot):
    if logits.shape != multi_hot.shape:
        raise ValueError("shapes differ")
    each = F.binary_cross_entropy_with_logits(logits, multi_hot.to(logits.dtype), reduction="none")
    return each.mean(dim=1).sum()


# %% wrong="multilabel_loss" name="logarithm of a sigmoid" says="The sigmoid of a large logit is exactly 0 or 1, and the logarithm of 0 is infinite; 0 times infinity is NaN. Use a function that takes the logits."
def multilabel_loss(logits, multi_hot):
    if logits.shape != multi_hot.shape:
        raise ValueError("shapes differ")
    p, t = torch.sigmoid(logits), multi_hot.to(logits.dtype)
    return -(t * torch.log(p) + (1 - t) * torch.log(1 - p)).mean()


# %% wrong="multilabel_loss" name="logarithm of a chosen sigmoid" says="Of both terms only the right one is taken, so there is no NaN. But the logarithm of a sigmoid that is exactly 0 is still infinite: use the logits."
def multilabel_loss(logits, multi_hot):
    if logits.shape != multi_hot.shape:
        raise ValueError("shapes differ")
    p = torch.sigmoid(logits)
    return -torch.log(torch.where(multi_hot.bool(), p, 1 - p)).mean()


# %% wrong="multilabel_loss" name="binary_cross_entropy of a sigmoid" says="F.binary_cross_entropy cuts the logarithm at -100: a wrong answer costs 100 as soon as its sigmoid is rounded to 0 or 1, whatever the logit is. Its form with logits is exact."
def multilabel_loss(logits, multi_hot):
    if logits.shape != multi_hot.shape:
        raise ValueError("shapes differ")
    return F.binary_cross_entropy(torch.sigmoid(logits), multi_hot.to(logits.dtype))


# %% wrong="multilabel_loss" name="a small number inside the logarithm" says="A small number inside the logarithm avoids infinity, but it sets a limit: with 1e-7 no mistake costs more than 16, and a very wrong answer has no gradient."
def multilabel_loss(logits, multi_hot):
    if logits.shape != multi_hot.shape:
        raise ValueError("shapes differ")
    p, t = torch.sigmoid(logits).clamp(1e-7, 1 - 1e-7), multi_hot.to(logits.dtype)
    return -(t * torch.log(p) + (1 - t) * torch.log(1 - p)).mean()


# %% wrong="multilabel_loss" name="logits clamped" says="The logits are clamped, so a mistake beyond the limit costs no more than one at the limit, and it has no gradient: the worst mistakes teach nothing."
def multilabel_loss(logits, multi_hot):
    if logits.shape != multi_hot.shape:
        raise ValueError("shapes differ")
    return F.binary_cross_entropy_with_logits(logits.clamp(-50, 50), multi_hot.to(logits.dtype))


# %% wrong="multilabel_loss" name="log of 1 + exp" says="log(1 + exp(z)) is the right formula, but exp of a logit above 88 is infinite in float32. F.softplus computes the same without this."
def multilabel_loss(logits, multi_hot):
    if logits.shape != multi_hot.shape:
        raise ValueError("shapes differ")
    return (torch.log(1 + torch.exp(logits)) - logits * multi_hot).mean()


# %% wrong="multilabel_loss" name="only labels that are there" says="Only the labels that are there count. Then the best model says yes to everything: 'it is not there' is an answer that has to be learned, too."
def multilabel_loss(logits, multi_hot):
    if logits.shape != multi_hot.shape:
        raise ValueError("shapes differ")
    return -F.logsigmoid(logits)[multi_hot.bool()].mean()


# %% wrong="multilabel_loss" name="second term missing" says="The term (1 - t) log(1 - sigmoid) is missing: a label that is not there costs nothing, whatever its logit is."
def multilabel_loss(logits, multi_hot):
    if logits.shape != multi_hot.shape:
        raise ValueError("shapes differ")
    return -(multi_hot * F.logsigmoid(logits)).mean()


# %% wrong="multilabel_loss" name="targets turned round" says="The targets are turned round: the labels that are there are trained to be absent."
def multilabel_loss(logits, multi_hot):
    if logits.shape != multi_hot.shape:
        raise ValueError("shapes differ")
    return F.binary_cross_entropy_with_logits(logits, 1 - multi_hot.to(logits.dtype))


# %% wrong="multilabel_loss" name="shapes not compared" says="The shapes are not compared: targets [B, 1] are repeated along the labels, and the loss is wrong without any error."
def multilabel_loss(logits, multi_hot):
    return (F.softplus(logits) - logits * multi_hot).mean()


# %% wrong="multilabel_loss" name="torch's own error" says="torch notices the different shapes here, but its message does not contain the word that is asked for: compare the shapes yourself and say 'shape'."
def multilabel_loss(logits, multi_hot):
    return F.binary_cross_entropy_with_logits(logits, multi_hot.to(logits.dtype))


# %% wrong="multilabel_loss" name="assert" says="assert raises an AssertionError, and it does nothing when Python runs with -O. A ValueError is asked for."
def multilabel_loss(logits, multi_hot):
    assert logits.shape == multi_hot.shape, "shapes differ"
    return F.binary_cross_entropy_with_logits(logits, multi_hot.to(logits.dtype))


# %% wrong="multilabel_loss" name="only the batch is compared" says="Only the number of pictures is compared, so targets [B, 1] are accepted and repeated along the labels."
def multilabel_loss(logits, multi_hot):
    if len(logits) != len(multi_hot):
        raise ValueError("the shapes differ")
    return (F.softplus(logits) - logits * multi_hot).mean()


# %% wrong="multilabel_loss" name="only the labels are compared" says="Only the number of labels is compared: targets [1, L] or [L] are accepted and repeated for all pictures."
def multilabel_loss(logits, multi_hot):
    if logits.shape[-1] != multi_hot.shape[-1]:
        raise ValueError("the shapes differ")
    return (F.softplus(logits) - logits * multi_hot).mean()


# %% wrong="multilabel_loss" name="detached" says="detach() cuts the logits off: no gradient flows, and nothing is learned."
def multilabel_loss(logits, multi_hot):
    if logits.shape != multi_hot.shape:
        raise ValueError("shapes differ")
    return F.binary_cross_entropy_with_logits(logits.detach(), multi_hot.to(logits.dtype))


# %% wrong="multilabel_loss" name="mean over the pictures of those that have labels" says="Pictures without any label are left out. They count: the model has to learn to say no to everything there."
def multilabel_loss(logits, multi_hot):
    if logits.shape != multi_hot.shape:
        raise ValueError("shapes differ")
    each = (F.softplus(logits) - logits * multi_hot)[multi_hot.bool().any(dim=1)]
    return each.mean() if len(each) else 0 * logits.sum()


# %% wrong="multilabel_loss" name="there and absent weighted equally" says="The labels that are there and those that are absent get a mean each, and the two are averaged. Asked for is one mean over all B · L questions."
def multilabel_loss(logits, multi_hot):
    if logits.shape != multi_hot.shape:
        raise ValueError("shapes differ")
    there = multi_hot.bool()
    return (F.softplus(-logits[there]).mean() + F.softplus(logits[~there]).mean()) / 2


# %% wrong="multilabel_loss" name="targets changed in place" says="The caller's float targets are overwritten, and the next epoch learns from wrong ones: operators such as *= and -= write into the tensor."
def multilabel_loss(logits, multi_hot):
    if logits.shape != multi_hot.shape:
        raise ValueError("shapes differ")
    loss = F.softplus(logits) - logits * multi_hot.clone()
    if multi_hot.is_floating_point():
        multi_hot *= 2
        multi_hot -= 1
    return loss.mean()


# %% wrong="multilabel_loss" name="logits changed in place" says="sigmoid_() overwrites the caller's logits with probabilities; sigmoid() makes a new tensor."
def multilabel_loss(logits, multi_hot):
    if logits.shape != multi_hot.shape:
        raise ValueError("shapes differ")
    loss = F.binary_cross_entropy_with_logits(logits, multi_hot.to(logits.dtype))
    if not logits.requires_grad:
        logits.sigmoid_()
    return loss


# %% wrong="multilabel_loss" name="view" says="view needs a certain order in memory, and it fails for a transposed tensor. reshape and flatten do not."
def multilabel_loss(logits, multi_hot):
    if logits.shape != multi_hot.shape:
        raise ValueError("shapes differ")
    return F.binary_cross_entropy_with_logits(logits.view(-1), multi_hot.view(-1).to(logits.dtype))


# %% wrong="multilabel_loss" name="float32 only" says="The targets are always made float32 and stacked with the logits, so logits of dtype float64 lose their digits or give an error: use multi_hot.to(logits.dtype)."
def multilabel_loss(logits, multi_hot):
    if logits.shape != multi_hot.shape:
        raise ValueError("shapes differ")
    L = logits.shape[1]
    total = multi_hot.float().reshape(1, -1) @ F.logsigmoid(logits).reshape(-1, 1)
    total = total + (1 - multi_hot.float()).reshape(1, -1) @ F.logsigmoid(-logits).reshape(-1, 1)
    return -total.squeeze() / (len(logits) * L)


# %% [markdown]
# ## predict_labels


# %% right="predict_labels" name="compared as logits"
def predict_labels(logits, threshold=0.5):
    border = torch.logit(torch.as_tensor(threshold, dtype=logits.dtype))
    return logits >= border


# %% right="predict_labels" name="not below"
def predict_labels(logits, threshold=0.5):
    p = 1 / (1 + torch.exp(-logits))
    return ~(p < threshold)


# %% right="predict_labels" name="a column at a time"
def predict_labels(logits, threshold=0.5):
    L = logits.shape[1]
    thresholds = [float(t) for t in threshold] if isinstance(threshold, torch.Tensor) else [threshold] * L
    return torch.stack([logits[:, i].sigmoid().ge(thresholds[i]) for i in range(L)], dim=1)


# %% wrong="predict_labels" name="argmax" says="argmax gives each picture exactly one label. Here each label is decided by itself: none, one or several may reach the threshold."
def predict_labels(logits, threshold=0.5):
    return F.one_hot(logits.argmax(dim=1), logits.shape[1]).bool()


# %% wrong="predict_labels" name="numbers of the best labels" says="These are numbers of labels, one for each picture. Asked for is True or False for every label: [B, L]."
def predict_labels(logits, threshold=0.5):
    return torch.sigmoid(logits).argmax(dim=1)


# %% wrong="predict_labels" name="above and not at least" says="'At least' is >=. With > a probability that equals the threshold is left out."
def predict_labels(logits, threshold=0.5):
    return torch.sigmoid(logits) > threshold


# %% wrong="predict_labels" name="threshold on the logits" says="The threshold is a probability, and here it is compared with the logits. The probability is the sigmoid of the logit."
def predict_labels(logits, threshold=0.5):
    return logits >= threshold


# %% wrong="predict_labels" name="threshold ignored" says="The threshold is not used: this always decides at the probability 0.5."
def predict_labels(logits, threshold=0.5):
    return torch.sigmoid(logits) >= 0.5


# %% wrong="predict_labels" name="rounded" says="Rounding decides at 0.5 whatever the threshold is, and exactly 0.5 is rounded to 0."
def predict_labels(logits, threshold=0.5):
    return torch.sigmoid(logits).round().bool()


# %% wrong="predict_labels" name="tensor of thresholds ignored" says="A tensor of thresholds is replaced by 0.5: only a single number is used."
def predict_labels(logits, threshold=0.5):
    if not isinstance(threshold, (int, float)):
        threshold = 0.5
    return torch.sigmoid(logits) >= threshold


# %% wrong="predict_labels" name="first threshold for all" says="Only the first threshold is used, for all labels. Number l of the tensor belongs to label l."
def predict_labels(logits, threshold=0.5):
    if isinstance(threshold, torch.Tensor):
        threshold = threshold[0]
    return torch.sigmoid(logits) >= threshold


# %% wrong="predict_labels" name="mean of the thresholds" says="The thresholds are averaged to one for all labels; each label has its own."
def predict_labels(logits, threshold=0.5):
    if isinstance(threshold, torch.Tensor):
        threshold = threshold.mean()
    return torch.sigmoid(logits) >= threshold


# %% wrong="predict_labels" name="one number only" says="float() of the threshold works for a single number only: a tensor [L] cannot become one float."
def predict_labels(logits, threshold=0.5):
    return torch.sigmoid(logits) >= float(threshold)


# %% wrong="predict_labels" name="thresholds along the pictures" says="Where there are as many pictures as labels, threshold i is used for picture i. It belongs to label i: a tensor [L] fits [B, L] as it is."
def predict_labels(logits, threshold=0.5):
    if isinstance(threshold, torch.Tensor) and len(threshold) == len(logits):
        threshold = threshold.unsqueeze(1)
    return torch.sigmoid(logits) >= threshold


# %% wrong="predict_labels" name="softmax" says="A softmax shares the probability among the labels, so hardly ever two of them reach the threshold. Each label has a sigmoid of its own."
def predict_labels(logits, threshold=0.5):
    return torch.softmax(logits, dim=1) >= threshold


# %% wrong="predict_labels" name="sigmoid twice" says="The sigmoid is applied twice: the result lies between 0.5 and 0.73, and nearly every label passes."
def predict_labels(logits, threshold=0.5):
    return torch.sigmoid(torch.sigmoid(logits)) >= threshold


# %% wrong="predict_labels" name="0 and 1" says="The result is float, 0 and 1. bool is asked for: a comparison gives it already."
def predict_labels(logits, threshold=0.5):
    return (torch.sigmoid(logits) >= threshold).float()


# %% wrong="predict_labels" name="whole numbers" says="The result is 0 and 1 as whole numbers. As an index they would mean places and not a mask: bool is asked for."
def predict_labels(logits, threshold=0.5):
    return (torch.sigmoid(logits) >= threshold).int()


# %% wrong="predict_labels" name="at least one label" says="Every picture gets at least one label, its best one. A picture may have none."
def predict_labels(logits, threshold=0.5):
    best = F.one_hot(logits.argmax(dim=1), logits.shape[1]).bool()
    return (torch.sigmoid(logits) >= threshold) | best


# %% wrong="predict_labels" name="at most the best one" says="Only the best label of a picture may pass. Two labels can both reach the threshold."
def predict_labels(logits, threshold=0.5):
    best = F.one_hot(logits.argmax(dim=1), logits.shape[1]).bool()
    return (torch.sigmoid(logits) >= threshold) & best


# %% wrong="predict_labels" name="at most two" says="Only the two best labels of a picture may pass. There is no such limit."
def predict_labels(logits, threshold=0.5):
    best = torch.zeros_like(logits, dtype=torch.bool)
    best.scatter_(1, logits.topk(min(2, logits.shape[1]), dim=1).indices, True)
    return (torch.sigmoid(logits) >= threshold) & best


# %% wrong="predict_labels" name="below in place of above" says="The comparison is turned round: the labels below the threshold are predicted."
def predict_labels(logits, threshold=0.5):
    return torch.sigmoid(logits) <= threshold


# %% wrong="predict_labels" name="one minus the threshold" says="1 - threshold is used in place of the threshold: a high threshold then lets more labels through."
def predict_labels(logits, threshold=0.5):
    return torch.sigmoid(logits) >= 1 - threshold


# %% wrong="predict_labels" name="nothing" says="No label is ever predicted, whatever the logits are."
def predict_labels(logits, threshold=0.5):
    return torch.zeros_like(logits, dtype=torch.bool)


# %% wrong="predict_labels" name="everything" says="Every label is predicted, whatever the logits are."
def predict_labels(logits, threshold=0.5):
    return torch.ones_like(logits, dtype=torch.bool)


# %% wrong="predict_labels" name="random" says="The labels are drawn at random: the same call gives another answer each time."
def predict_labels(logits, threshold=0.5):
    return torch.rand(logits.shape) >= threshold


# %% wrong="predict_labels" name="the probabilities" says="These are the probabilities. The comparison with the threshold is missing."
def predict_labels(logits, threshold=0.5):
    return torch.sigmoid(logits)


# %% wrong="predict_labels" name="thresholds changed in place" says="The caller's thresholds are turned into logits in place: the next call gets them wrong."
def predict_labels(logits, threshold=0.5):
    if isinstance(threshold, torch.Tensor):
        return logits >= threshold.logit_()
    return torch.sigmoid(logits) >= threshold


# %% wrong="predict_labels" name="sigmoid by exp of the logit" says="exp(z) / (1 + exp(z)) is inf / inf for a large logit, which is NaN, and NaN is never at least the threshold. torch.sigmoid knows a way round it."
def predict_labels(logits, threshold=0.5):
    powers = torch.exp(logits)
    return powers / (1 + powers) >= threshold


# %% wrong="predict_labels" name="rounded to two digits" says="The probability is rounded before it is compared: 0.499 becomes 0.5 and passes."
def predict_labels(logits, threshold=0.5):
    return torch.round(torch.sigmoid(logits), decimals=2) >= threshold


# %% wrong="predict_labels" name="0 as no threshold" says="threshold or 0.5 takes a threshold of 0 for a missing one. 0 is allowed: then every label is predicted."
def predict_labels(logits, threshold=0.5):
    if not isinstance(threshold, torch.Tensor):
        threshold = threshold or 0.5
    return torch.sigmoid(logits) >= threshold


# %% [markdown]
# ## exact_match


# %% right="exact_match" name="no difference in the row"
def exact_match(predicted, labels):
    wrong = (predicted ^ labels).any(dim=1)
    return 1 - wrong.double().mean().item()


# %% right="exact_match" name="a loop over the pictures"
def exact_match(predicted, labels):
    right = 0
    for one, other in zip(predicted, labels):
        if torch.equal(one, other):
            right += 1
    return right / len(labels)


# %% right="exact_match" name="as many right ones as labels"
def exact_match(predicted, labels):
    right = (predicted == labels).sum(1) == labels.shape[1]
    return float(right.sum() / labels.shape[0])


# %% wrong="exact_match" name="share of the single answers" says="This is the share of single answers that are right. A picture counts only if *all* of its labels are right."
def exact_match(predicted, labels):
    return (predicted == labels).float().mean().item()


# %% wrong="exact_match" name="extras ignored" says="A picture counts as soon as all labels that are there are found. One that is predicted too much makes it wrong, too."
def exact_match(predicted, labels):
    return (predicted | ~labels).all(dim=1).float().mean().item()


# %% wrong="exact_match" name="missing ones ignored" says="A picture counts as soon as everything predicted is there. A label that is missing makes it wrong, too."
def exact_match(predicted, labels):
    return (labels | ~predicted).all(dim=1).float().mean().item()


# %% wrong="exact_match" name="any label right" says="any asks whether at least one answer of the picture is right; all of them have to be."
def exact_match(predicted, labels):
    return (predicted == labels).any(dim=1).float().mean().item()


# %% wrong="exact_match" name="counted over the labels" says="dim=0 goes over the pictures: this is the share of labels that are right in every picture. Asked for is the share of pictures."
def exact_match(predicted, labels):
    return (predicted == labels).all(dim=0).float().mean().item()


# %% wrong="exact_match" name="as many labels" says="Only the *number* of labels of a picture is compared: two other labels would count as right."
def exact_match(predicted, labels):
    return (predicted.sum(dim=1) == labels.sum(dim=1)).float().mean().item()


# %% wrong="exact_match" name="argmax compared" says="argmax compares only the first label of each picture, and forgets all others."
def exact_match(predicted, labels):
    return (predicted.int().argmax(dim=1) == labels.int().argmax(dim=1)).float().mean().item()


# %% wrong="exact_match" name="a tensor" says="The result is a tensor. A Python float is asked for: .item() takes the number out."
def exact_match(predicted, labels):
    return (predicted == labels).all(dim=1).float().mean()


# %% wrong="exact_match" name="a number of pictures" says="This is how many pictures are right. The share is this number divided by B."
def exact_match(predicted, labels):
    return float((predicted == labels).all(dim=1).sum())


# %% wrong="exact_match" name="divided by the labels" says="The number of right pictures is divided by the number of labels L, and not by the number of pictures B."
def exact_match(predicted, labels):
    return (predicted == labels).all(dim=1).sum().item() / labels.shape[1]


# %% wrong="exact_match" name="in per cent" says="The share is given in per cent, from 0 to 100. Asked for is a number from 0 to 1."
def exact_match(predicted, labels):
    return 100 * (predicted == labels).all(dim=1).float().mean().item()


# %% wrong="exact_match" name="share of the wrong pictures" says="This is the share of the pictures that are wrong, 1 minus what is asked for."
def exact_match(predicted, labels):
    return (predicted != labels).any(dim=1).float().mean().item()


# %% wrong="exact_match" name="empty pictures left out" says="Pictures without any label are left out. They count: it is right to predict nothing there."
def exact_match(predicted, labels):
    full = labels.any(dim=1)
    return (predicted == labels).all(dim=1)[full].float().mean().item() if full.any() else 0.0


# %% wrong="exact_match" name="empty pictures are wrong" says="A picture without any label never counts as right. If nothing is there and nothing is predicted, all of its labels are right."
def exact_match(predicted, labels):
    return ((predicted == labels).all(dim=1) & labels.any(dim=1)).float().mean().item()


# %% wrong="exact_match" name="overlap" says="This is the mean overlap, hits divided by all labels that are there or predicted. A picture that is half right counts as nothing in the exact match."
def exact_match(predicted, labels):
    both, either = (predicted & labels).sum(dim=1), (predicted | labels).sum(dim=1)
    return torch.where(either > 0, both / either.clamp(min=1), torch.ones(len(labels))).mean().item()


# %% wrong="exact_match" name="the whole batch at once" says="torch.equal compares the whole batch: one wrong picture makes it 0. Each picture has to be asked by itself."
def exact_match(predicted, labels):
    return float(torch.equal(predicted, labels))


# %% wrong="exact_match" name="only the first picture" says="Only the first picture is looked at."
def exact_match(predicted, labels):
    return float((predicted[0] == labels[0]).all())


# %% wrong="exact_match" name="rounded" says="The share is rounded to one digit."
def exact_match(predicted, labels):
    return round((predicted == labels).all(dim=1).float().mean().item(), 1)


# %% wrong="exact_match" name="zero" says="The result is always 0."
def exact_match(predicted, labels):
    return 0.0


# %% wrong="exact_match" name="one" says="The result is always 1."
def exact_match(predicted, labels):
    return 1.0


# %% wrong="exact_match" name="random" says="The share is a random number."
def exact_match(predicted, labels):
    return torch.rand(()).item()


# %% wrong="exact_match" name="compared as sets of pictures" says="It is asked whether a row occurs *anywhere* among the labels of the batch. Each picture has to be compared with its own labels."
def exact_match(predicted, labels):
    known = {tuple(row) for row in labels.tolist()}
    return sum(tuple(row) in known for row in predicted.tolist()) / len(labels)


# %% wrong="exact_match" name="changed in place" says="^= writes into the caller's predictions: after the call they hold the mistakes."
def exact_match(predicted, labels):
    predicted ^= labels
    return (~predicted).all(dim=1).float().mean().item()


# %% wrong="exact_match" name="product of the column shares" says="The shares of the labels are multiplied, as if their mistakes had nothing to do with each other. Each picture has to be asked."
def exact_match(predicted, labels):
    return (predicted == labels).float().mean(dim=0).prod().item()


# %% [markdown]
# ## f1_per_label


# %% right="f1_per_label" name="from precision and recall"
def f1_per_label(predicted, labels):
    hits = (predicted & labels).float().sum(dim=0)
    precision = hits / predicted.sum(dim=0)
    recall = hits / labels.sum(dim=0)
    return (2 * precision * recall / (precision + recall)).nan_to_num(0.0)


# %% right="f1_per_label" name="the three counts"
def f1_per_label(predicted, labels):
    tp = (predicted * labels).sum(0)
    fp = (predicted * ~labels).sum(0)
    fn = (~predicted * labels).sum(0)
    below = 2 * tp + fp + fn
    return torch.where(below > 0, 2 * tp / below, torch.zeros(labels.shape[1]))


# %% right="f1_per_label" name="a loop over the labels, with a tiny number below"
def f1_per_label(predicted, labels):
    scores = []
    for said, there in zip(predicted.T.float(), labels.T.float()):
        scores.append(2 * (said @ there) / (said.sum() + there.sum() + 1e-9))
    return torch.stack(scores)


# %% wrong="f1_per_label" name="accuracy" says="This is the accuracy of each label. It counts the pictures where the label is rightly not predicted, and F1 leaves them out."
def f1_per_label(predicted, labels):
    return (predicted == labels).float().mean(dim=0)


# %% wrong="f1_per_label" name="precision" says="This is the precision, TP / (TP + FP). A label that is missed costs nothing in it: FN is not there."
def f1_per_label(predicted, labels):
    return (predicted & labels).sum(dim=0) / predicted.sum(dim=0).clamp(min=1)


# %% wrong="f1_per_label" name="recall" says="This is the recall, TP / (TP + FN). A false alarm costs nothing in it: FP is not there."
def f1_per_label(predicted, labels):
    return (predicted & labels).sum(dim=0) / labels.sum(dim=0).clamp(min=1)


# %% wrong="f1_per_label" name="mean of precision and recall" says="This is the plain mean of precision and recall. F1 is their harmonic mean, which is high only if both are."
def f1_per_label(predicted, labels):
    hits = (predicted & labels).sum(dim=0)
    return (hits / predicted.sum(dim=0).clamp(min=1) + hits / labels.sum(dim=0).clamp(min=1)) / 2


# %% wrong="f1_per_label" name="geometric mean" says="This is the root of precision times recall, the geometric mean. F1 is the harmonic mean."
def f1_per_label(predicted, labels):
    hits = (predicted & labels).sum(dim=0)
    return (hits / predicted.sum(dim=0).clamp(min=1) * hits / labels.sum(dim=0).clamp(min=1)).sqrt()


# %% wrong="f1_per_label" name="micro F1" says="The counts of all labels are added before dividing: this is the micro F1, one number for all labels together. Each label has an F1 of its own."
def f1_per_label(predicted, labels):
    below = (predicted.sum() + labels.sum()).clamp(min=1)
    return (2 * (predicted & labels).sum() / below).expand(labels.shape[1])


# %% wrong="f1_per_label" name="macro F1" says="The mean over the labels is taken at the end: this is the macro F1, one number. Asked for is a number for each label, [L]."
def f1_per_label(predicted, labels):
    below = (predicted.sum(dim=0) + labels.sum(dim=0)).clamp(min=1)
    return (2 * (predicted & labels).sum(dim=0) / below).mean()


# %% wrong="f1_per_label" name="NaN for a label that is nowhere" says="A label that is neither there nor predicted gives 0 / 0, which is NaN. Here it has to be 0."
def f1_per_label(predicted, labels):
    return 2 * (predicted & labels).sum(dim=0) / (predicted.sum(dim=0) + labels.sum(dim=0))


# %% wrong="f1_per_label" name="1 for a label that is nowhere" says="A label that is nowhere gets 1 here. Others decide so, but this page decides for 0."
def f1_per_label(predicted, labels):
    f1 = 2 * (predicted & labels).sum(dim=0) / (predicted.sum(dim=0) + labels.sum(dim=0))
    return f1.nan_to_num(1.0)


# %% wrong="f1_per_label" name="nowhere left out" says="A label that is nowhere is left out, so the result is shorter than L and its numbers belong to other labels."
def f1_per_label(predicted, labels):
    below = predicted.sum(dim=0) + labels.sum(dim=0)
    return (2 * (predicted & labels).sum(dim=0) / below)[below > 0]


# %% wrong="f1_per_label" name="NaN by precision and recall" says="Where a label is never predicted, or never there, or never hit, precision, recall or their harmonic mean is 0 / 0, which is NaN. Here it has to be 0."
def f1_per_label(predicted, labels):
    hits = (predicted & labels).sum(dim=0)
    precision, recall = hits / predicted.sum(dim=0), hits / labels.sum(dim=0)
    return 2 * precision * recall / (precision + recall)


# %% wrong="f1_per_label" name="counted over the labels" says="The counts go over the labels of a picture: this is an F1 for each picture, [B]. Count over the pictures, dimension 0."
def f1_per_label(predicted, labels):
    hits = (predicted & labels).sum(dim=1)
    return 2 * hits / (predicted.sum(dim=1) + labels.sum(dim=1)).clamp(min=1)


# %% wrong="f1_per_label" name="overlap" says="This is TP / (TP + FP + FN), the overlap (Jaccard). In F1 the hits count twice, above and below."
def f1_per_label(predicted, labels):
    return (predicted & labels).sum(dim=0) / (predicted | labels).sum(dim=0).clamp(min=1)


# %% wrong="f1_per_label" name="2 missing above" says="The factor 2 is missing above the line: a perfect label gets 0.5."
def f1_per_label(predicted, labels):
    return (predicted & labels).sum(dim=0) / (predicted.sum(dim=0) + labels.sum(dim=0)).clamp(min=1)


# %% wrong="f1_per_label" name="2 missing below" says="The factor 2 is missing below the line: 2 TP / (TP + FP + FN) can be larger than 1."
def f1_per_label(predicted, labels):
    return 2 * (predicted & labels).sum(dim=0) / (predicted | labels).sum(dim=0).clamp(min=1)


# %% wrong="f1_per_label" name="false alarms do not count" says="FP is missing below the line: 2 TP / (2 TP + FN). A false alarm costs nothing."
def f1_per_label(predicted, labels):
    hits = (predicted & labels).sum(dim=0)
    return 2 * hits / (2 * hits + (labels & ~predicted).sum(dim=0)).clamp(min=1)


# %% wrong="f1_per_label" name="missed ones do not count" says="FN is missing below the line: 2 TP / (2 TP + FP). A missed label costs nothing."
def f1_per_label(predicted, labels):
    hits = (predicted & labels).sum(dim=0)
    return 2 * hits / (2 * hits + (predicted & ~labels).sum(dim=0)).clamp(min=1)


# %% wrong="f1_per_label" name="F2" says="Missed labels count four times as much as false alarms: this is F2. In F1 both count the same."
def f1_per_label(predicted, labels):
    hits = (predicted & labels).sum(dim=0)
    return 5 * hits / (predicted.sum(dim=0) + 4 * labels.sum(dim=0)).clamp(min=1)


# %% wrong="f1_per_label" name="whole division" says="// gives whole numbers: every F1 below 1 becomes 0."
def f1_per_label(predicted, labels):
    hits = (predicted & labels).sum(dim=0)
    return (2 * hits // (predicted.sum(dim=0) + labels.sum(dim=0)).clamp(min=1)).float()


# %% wrong="f1_per_label" name="one added" says="1 is added below the line against 0 / 0. This makes every F1 too small: a perfect label with two hits gets 0.8."
def f1_per_label(predicted, labels):
    return 2 * (predicted & labels).sum(dim=0) / (predicted.sum(dim=0) + labels.sum(dim=0) + 1)


# %% wrong="f1_per_label" name="smoothed" says="1 is added above and below the line: a label without any hit gets more than 0, and one that is nowhere gets 1."
def f1_per_label(predicted, labels):
    return (2 * (predicted & labels).sum(dim=0) + 1) / (predicted.sum(dim=0) + labels.sum(dim=0) + 1)


# %% wrong="f1_per_label" name="F1 of the absent" says="Hits are counted where the label is neither there nor predicted: this is the F1 of 'not there'."
def f1_per_label(predicted, labels):
    hits = (~predicted & ~labels).sum(dim=0)
    return 2 * hits / ((~predicted).sum(dim=0) + (~labels).sum(dim=0)).clamp(min=1)


# %% wrong="f1_per_label" name="or in place of and" says="Hits are counted with | and not with &: false alarms and missed labels are hits too."
def f1_per_label(predicted, labels):
    return 2 * (predicted | labels).sum(dim=0) / (predicted.sum(dim=0) + labels.sum(dim=0)).clamp(min=1)


# %% wrong="f1_per_label" name="zeros" says="Every F1 is 0, whatever is predicted."
def f1_per_label(predicted, labels):
    return torch.zeros(labels.shape[1])


# %% wrong="f1_per_label" name="ones" says="Every F1 is 1, whatever is predicted."
def f1_per_label(predicted, labels):
    return torch.ones(labels.shape[1])


# %% wrong="f1_per_label" name="counted in 8 bits" says="The counts are kept in 8 bits, and above 255 they begin again at 0. Sums of bool tensors are 64 bits wide by themselves."
def f1_per_label(predicted, labels):
    hits = (predicted & labels).sum(dim=0, dtype=torch.uint8)
    below = predicted.sum(dim=0, dtype=torch.uint8) + labels.sum(dim=0, dtype=torch.uint8)
    return 2 * hits.float() / below.float().clamp(min=1)


# %% wrong="f1_per_label" name="rare labels made small" says="The denominator is a share, and it is not allowed to be below 0.1: this avoids 0 / 0, but it makes the F1 of every rare label too small."
def f1_per_label(predicted, labels):
    hits = (predicted & labels).float().mean(dim=0)
    return 2 * hits / (predicted.float().mean(dim=0) + labels.float().mean(dim=0)).clamp(min=0.1)


# %% wrong="f1_per_label" name="changed in place" says="&= writes into the caller's predictions: after the call only the hits are left in them."
def f1_per_label(predicted, labels):
    below = (predicted.sum(dim=0) + labels.sum(dim=0)).clamp(min=1)
    predicted &= labels
    return 2 * predicted.sum(dim=0) / below


# %% wrong="f1_per_label" name="mean of the pictures' F1" says="For each picture and label an F1 is taken, and their mean at the end. Count TP, FP and FN over all pictures first, and divide once."
def f1_per_label(predicted, labels):
    hits = (predicted & labels).float()
    return (2 * hits / (predicted.float() + labels.float()).clamp(min=1)).mean(dim=0)


# %% [markdown]
# ## extract_features


# %% right="extract_features" name="a loop, mode restored in any case"
def extract_features(backbone, images, batch_size=64):
    mode, rows = backbone.training, []
    backbone.train(False)
    try:
        for start in range(0, len(images), batch_size):
            with torch.no_grad():
                rows.append(backbone(images[start : start + batch_size]))
    finally:
        if mode:
            backbone.train()
    return torch.cat(rows, dim=0)


# %% right="extract_features" name="no_grad as a decorator, filled in"
@torch.no_grad()
def extract_features(backbone, images, batch_size=64):
    before = backbone.training
    backbone.eval()
    rows = None
    for i in range(0, len(images), batch_size):
        out = backbone(images[i : i + batch_size])
        if rows is None:
            rows = out.new_zeros((len(images), *out.shape[1:]))
        rows[i : i + len(out)] = out
    backbone.train(mode=before)
    return rows


# %% right="extract_features" name="detached rows"
def extract_features(backbone, images, batch_size=64):
    was = backbone.training
    features = []
    backbone.eval()
    for chunk in torch.split(images, batch_size, dim=0):
        features += list(backbone(chunk).detach())
    backbone.train(was)
    return torch.stack(features)


# %% right="extract_features" name="a loader"
def extract_features(backbone, images, batch_size=64):
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(images), batch_size=batch_size)
    mode = backbone.training
    backbone.eval()
    rows = []
    for (batch,) in loader:
        with torch.no_grad():
            rows.append(backbone(batch))
    backbone.train(mode)
    return torch.vstack(rows) if rows[0].dim() > 1 else torch.cat(rows)


# %% wrong="extract_features" name="no evaluation mode" says="The network is not put into evaluation mode: dropout deletes numbers by chance, and the batch norm uses this batch and moves its buffers."
def extract_features(backbone, images, batch_size=64):
    was_training = backbone.training
    with torch.no_grad():
        rows = torch.cat([backbone(batch) for batch in images.split(batch_size)])
    backbone.train(was_training)
    return rows


# %% wrong="extract_features" name="always training mode" says="The network is put into training mode: dropout and the batch norm's batch then play a part, and its buffers move."
def extract_features(backbone, images, batch_size=64):
    was_training = backbone.training
    backbone.train()
    with torch.no_grad():
        rows = torch.cat([backbone(batch) for batch in images.split(batch_size)])
    backbone.train(was_training)
    return rows


# %% wrong="extract_features" name="evaluation mode stays" says="The network stays in evaluation mode. If it came in training mode, the training goes on without dropout."
def extract_features(backbone, images, batch_size=64):
    was_training = backbone.training
    backbone.eval()
    with torch.no_grad():
        rows = torch.cat([backbone(batch) for batch in images.split(batch_size)])
    return rows


# %% wrong="extract_features" name="training mode afterwards" says="The network is always put into training mode afterwards, also if it came in evaluation mode."
def extract_features(backbone, images, batch_size=64):
    was_training = backbone.training
    backbone.eval()
    with torch.no_grad():
        rows = torch.cat([backbone(batch) for batch in images.split(batch_size)])
    backbone.train()
    return rows


# %% wrong="extract_features" name="mode turned round" says="The mode is turned round afterwards: what came in training mode goes in evaluation mode."
def extract_features(backbone, images, batch_size=64):
    was_training = backbone.training
    backbone.eval()
    with torch.no_grad():
        rows = torch.cat([backbone(batch) for batch in images.split(batch_size)])
    backbone.train(not was_training)
    return rows


# %% wrong="extract_features" name="eval only for a large batch" says="The mode is changed only if there are several batches."
def extract_features(backbone, images, batch_size=64):
    was_training = backbone.training
    if len(images) > batch_size:
        backbone.eval()
    with torch.no_grad():
        rows = torch.cat([backbone(batch) for batch in images.split(batch_size)])
    backbone.train(was_training)
    return rows


# %% wrong="extract_features" name="gradients kept" says="There is no no_grad: the rows have a history, and all maps between stay in memory."
def extract_features(backbone, images, batch_size=64):
    was_training = backbone.training
    backbone.eval()
    rows = torch.cat([backbone(batch) for batch in images.split(batch_size)])
    backbone.train(was_training)
    return rows


# %% wrong="extract_features" name="parameters frozen for good" says="requires_grad is switched off at the parameters and stays off: the caller can no longer train them."
def extract_features(backbone, images, batch_size=64):
    was_training = backbone.training
    backbone.eval()
    for p in backbone.parameters():
        p.requires_grad_(False)
    with torch.no_grad():
        rows = torch.cat([backbone(batch) for batch in images.split(batch_size)])
    backbone.train(was_training)
    return rows


# %% wrong="extract_features" name="old gradients deleted" says="zero_grad() deletes the gradients that the caller has collected."
def extract_features(backbone, images, batch_size=64):
    was_training = backbone.training
    backbone.eval()
    backbone.zero_grad()
    with torch.no_grad():
        rows = torch.cat([backbone(batch) for batch in images.split(batch_size)])
    backbone.train(was_training)
    return rows


# %% wrong="extract_features" name="all at once" says="All pictures go through at once: batch_size is not used, and the memory may not suffice."
def extract_features(backbone, images, batch_size=64):
    was_training = backbone.training
    backbone.eval()
    with torch.no_grad():
        rows = backbone(images)
    backbone.train(was_training)
    return rows


# %% wrong="extract_features" name="one by one" says="The pictures go through one by one: batch_size is not used, and this is slow."
def extract_features(backbone, images, batch_size=64):
    was_training = backbone.training
    backbone.eval()
    with torch.no_grad():
        rows = torch.cat([backbone(batch) for batch in images.split(1)])
    backbone.train(was_training)
    return rows


# %% wrong="extract_features" name="batch_size is the number of batches" says="batch_size is taken for the number of batches, and not for their size."
def extract_features(backbone, images, batch_size=64):
    was_training = backbone.training
    backbone.eval()
    with torch.no_grad():
        rows = torch.cat([backbone(batch) for batch in images.chunk(batch_size)])
    backbone.train(was_training)
    return rows


# %% wrong="extract_features" name="equal batches" says="The pictures are shared out evenly. A batch has batch_size pictures, and only the last one may be smaller."
def extract_features(backbone, images, batch_size=64):
    was_training = backbone.training
    backbone.eval()
    with torch.no_grad():
        rows = torch.cat([backbone(batch) for batch in images.tensor_split(-(-len(images) // batch_size))])
    backbone.train(was_training)
    return rows


# %% wrong="extract_features" name="last batch dropped" says="The last batch is dropped if it is small: its pictures have no row."
def extract_features(backbone, images, batch_size=64):
    was_training = backbone.training
    backbone.eval()
    with torch.no_grad():
        rows = torch.cat(
            [backbone(batch) for batch in images[: max(1, len(images) // batch_size) * batch_size].split(batch_size)]
        )
    backbone.train(was_training)
    return rows


# %% wrong="extract_features" name="last batch filled up" says="The last batch is filled up with other pictures, so there are more rows than pictures."
def extract_features(backbone, images, batch_size=64):
    was_training = backbone.training
    backbone.eval()
    with torch.no_grad():
        missing = -len(images) % batch_size
        filled = torch.cat([images, images[:1].expand(missing, -1, -1, -1)])
        rows = torch.cat([backbone(batch) for batch in filled.split(batch_size)])
    backbone.train(was_training)
    return rows


# %% wrong="extract_features" name="only the first batch" says="Only the first batch goes through."
def extract_features(backbone, images, batch_size=64):
    was_training = backbone.training
    backbone.eval()
    with torch.no_grad():
        rows = backbone(images[:batch_size])
    backbone.train(was_training)
    return rows


# %% wrong="extract_features" name="last batch repeated" says="The last batch begins too early, so that it is full: some pictures are there twice."
def extract_features(backbone, images, batch_size=64):
    was_training = backbone.training
    backbone.eval()
    with torch.no_grad():
        starts = [min(i, max(0, len(images) - batch_size)) for i in range(0, len(images), batch_size)]
        rows = torch.cat([backbone(images[i : i + batch_size]) for i in starts])
    backbone.train(was_training)
    return rows


# %% wrong="extract_features" name="list of batches" says="A list of batches comes back, and not one tensor: concatenate them."
def extract_features(backbone, images, batch_size=64):
    was_training = backbone.training
    backbone.eval()
    with torch.no_grad():
        rows = [backbone(batch) for batch in images.split(batch_size)]
    backbone.train(was_training)
    return rows


# %% wrong="extract_features" name="batches stacked" says="The batches are stacked, which makes a dimension too many. They are to be concatenated."
def extract_features(backbone, images, batch_size=64):
    was_training = backbone.training
    backbone.eval()
    with torch.no_grad():
        parts = [backbone(batch) for batch in images.split(batch_size)]
        rows = torch.stack(parts) if len({len(p) for p in parts}) == 1 else torch.cat(parts)
    backbone.train(was_training)
    return rows


# %% wrong="extract_features" name="shuffled" says="The pictures go through in a random order, and the rows no longer belong to them."
def extract_features(backbone, images, batch_size=64):
    was_training = backbone.training
    backbone.eval()
    with torch.no_grad():
        images = images[torch.randperm(len(images))]
        rows = torch.cat([backbone(batch) for batch in images.split(batch_size)])
    backbone.train(was_training)
    return rows


# %% wrong="extract_features" name="backwards" says="The batches stand in the opposite order."
def extract_features(backbone, images, batch_size=64):
    was_training = backbone.training
    backbone.eval()
    with torch.no_grad():
        rows = torch.cat([backbone(batch) for batch in reversed(images.split(batch_size))])
    backbone.train(was_training)
    return rows


# %% wrong="extract_features" name="flattened" says="The rows are flattened. They are to keep the shape that the network gives."
def extract_features(backbone, images, batch_size=64):
    was_training = backbone.training
    backbone.eval()
    with torch.no_grad():
        rows = torch.cat([backbone(batch) for batch in images.split(batch_size)])
    backbone.train(was_training)
    return rows.flatten(1)


# %% wrong="extract_features" name="averaged over the places" says="The maps are averaged over their places. The rows are to stay as the network gives them."
def extract_features(backbone, images, batch_size=64):
    was_training = backbone.training
    backbone.eval()
    with torch.no_grad():
        rows = torch.cat([backbone(batch) for batch in images.split(batch_size)])
    backbone.train(was_training)
    return rows.mean(dim=(2, 3)) if rows.dim() == 4 else rows


# %% wrong="extract_features" name="normalised" says="The rows are divided by their length. They are to stay as the network gives them."
def extract_features(backbone, images, batch_size=64):
    was_training = backbone.training
    backbone.eval()
    with torch.no_grad():
        rows = torch.cat([backbone(batch) for batch in images.split(batch_size)])
    backbone.train(was_training)
    return F.normalize(rows, dim=-1)


# %% wrong="extract_features" name="float32" says="The rows are written into a float32 tensor: a network in float64 loses its digits."
def extract_features(backbone, images, batch_size=64):
    was_training = backbone.training
    backbone.eval()
    with torch.no_grad():
        rows = torch.cat([backbone(batch) for batch in images.split(batch_size)])
    backbone.train(was_training)
    return rows.float()


# %% wrong="extract_features" name="pictures changed" says="The pictures are centred in place, so the caller's have changed."
def extract_features(backbone, images, batch_size=64):
    was_training = backbone.training
    backbone.eval()
    images = images.clone() if images.dtype != torch.float32 else images
    mean = images.mean()
    images -= mean
    with torch.no_grad():
        rows = torch.cat([backbone(batch) for batch in images.split(batch_size)])
    backbone.train(was_training)
    images += mean / 2
    return rows


# %% wrong="extract_features" name="parts stay in evaluation mode" says="The parts are switched one by one and not set back: the network itself says that it trains, and its dropout is off."
def extract_features(backbone, images, batch_size=64):
    was_training = backbone.training
    for part in backbone.children():
        part.eval()
    with torch.no_grad():
        rows = torch.cat([backbone(batch) for batch in images.split(batch_size)])
    backbone.eval() if not was_training else None
    return rows


# %% wrong="extract_features" name="warmed up first" says="One batch goes through in training mode first, as a trial: this moves the batch norm's buffers."
def extract_features(backbone, images, batch_size=64):
    was_training = backbone.training
    backbone.train()
    with torch.no_grad():
        backbone(images[:batch_size])
    backbone.eval()
    with torch.no_grad():
        rows = torch.cat([backbone(batch) for batch in images.split(batch_size)])
    backbone.train(was_training)
    return rows


# %% [markdown]
# ## spatial_attention


# %% right="spatial_attention" name="stacked"
def spatial_attention(maps, conv):
    largest, _ = torch.max(maps, 1)
    gate = conv(torch.stack((maps.mean(1), largest), dim=1)).sigmoid()
    return torch.mul(gate, maps), gate


# %% right="spatial_attention" name="pooling over the channels"
def spatial_attention(maps, conv):
    B, C, H, W = maps.shape
    places = maps.permute(0, 2, 3, 1).reshape(B, H * W, C)
    both = torch.cat([F.avg_pool1d(places, C), F.adaptive_max_pool1d(places, 1)], dim=2)
    gate = F.sigmoid(conv(both.transpose(1, 2).reshape(B, 2, H, W)))
    return gate.expand_as(maps) * maps, gate


# %% right="spatial_attention" name="a sigmoid by tanh, and a sum divided"
def spatial_attention(maps, conv):
    inputs = maps.new_zeros(maps.shape[0], 2, *maps.shape[2:])
    inputs[:, 0] = maps.sum(dim=1) / maps.size(1)
    inputs[:, 1] = maps.max(dim=1)[0]
    gate = 0.5 + 0.5 * torch.tanh(conv(inputs) / 2)
    return torch.einsum("bchw,bohw->bchw", maps, gate), gate


# %% right="spatial_attention" name="a gate by logsigmoid"
def spatial_attention(maps, conv):
    x = torch.hstack([maps.mean(1, True), maps.topk(1, dim=1).values])
    gate = F.logsigmoid(conv(x)).exp()
    return maps * gate, gate


# %% wrong="spatial_attention" name="mean only" says="The mean goes into both channels; the maximum is not used."
def spatial_attention(maps, conv):
    mean = maps.mean(dim=1, keepdim=True)
    top = maps.amax(dim=1, keepdim=True)
    gate = torch.sigmoid(conv(torch.cat([mean, mean], dim=1)))
    return maps * gate, gate


# %% wrong="spatial_attention" name="maximum only" says="The maximum goes into both channels; the mean is not used."
def spatial_attention(maps, conv):
    mean = maps.mean(dim=1, keepdim=True)
    top = maps.amax(dim=1, keepdim=True)
    gate = torch.sigmoid(conv(torch.cat([top, top], dim=1)))
    return maps * gate, gate


# %% wrong="spatial_attention" name="swapped" says="The maximum stands before the mean. Channel 0 is the mean."
def spatial_attention(maps, conv):
    mean = maps.mean(dim=1, keepdim=True)
    top = maps.amax(dim=1, keepdim=True)
    gate = torch.sigmoid(conv(torch.cat([top, mean], dim=1)))
    return maps * gate, gate


# %% wrong="spatial_attention" name="sum in place of the mean" says="The channels are summed. A mean is divided by their number."
def spatial_attention(maps, conv):
    mean = maps.sum(dim=1, keepdim=True)
    top = maps.amax(dim=1, keepdim=True)
    gate = torch.sigmoid(conv(torch.cat([mean, top], dim=1)))
    return maps * gate, gate


# %% wrong="spatial_attention" name="minimum in place of the maximum" says="The minimum is taken in place of the maximum."
def spatial_attention(maps, conv):
    mean = maps.mean(dim=1, keepdim=True)
    top = maps.amin(dim=1, keepdim=True)
    gate = torch.sigmoid(conv(torch.cat([mean, top], dim=1)))
    return maps * gate, gate


# %% wrong="spatial_attention" name="median in place of the mean" says="The median of the channels is taken. The formula has the mean."
def spatial_attention(maps, conv):
    mean = maps.quantile(0.5, dim=1, keepdim=True)
    top = maps.amax(dim=1, keepdim=True)
    gate = torch.sigmoid(conv(torch.cat([mean, top], dim=1)))
    return maps * gate, gate


# %% wrong="spatial_attention" name="largest size" says="The maximum is taken of the absolute values: a channel that is far below 0 then opens the gate."
def spatial_attention(maps, conv):
    mean = maps.mean(dim=1, keepdim=True)
    top = maps.abs().amax(dim=1, keepdim=True)
    gate = torch.sigmoid(conv(torch.cat([mean, top], dim=1)))
    return maps * gate, gate


# %% wrong="spatial_attention" name="maximum of ReLU" says="The maximum begins at 0: where all channels are negative, it must be negative as well."
def spatial_attention(maps, conv):
    mean = maps.mean(dim=1, keepdim=True)
    top = maps.clamp(min=0).amax(dim=1, keepdim=True)
    gate = torch.sigmoid(conv(torch.cat([mean, top], dim=1)))
    return maps * gate, gate


# %% wrong="spatial_attention" name="softmax over the places" says="The gates of a picture sum to 1. A sigmoid lets many places be open at the same time, or none."
def spatial_attention(maps, conv):
    mean = maps.mean(dim=1, keepdim=True)
    top = maps.amax(dim=1, keepdim=True)
    scores = conv(torch.cat([mean, top], dim=1))
    gate = torch.softmax(scores.flatten(2), dim=2).view_as(scores)
    return maps * gate, gate


# %% wrong="spatial_attention" name="no sigmoid" says="The sigmoid is missing: the gate is not between 0 and 1."
def spatial_attention(maps, conv):
    mean = maps.mean(dim=1, keepdim=True)
    top = maps.amax(dim=1, keepdim=True)
    gate = conv(torch.cat([mean, top], dim=1))
    return maps * gate, gate


# %% wrong="spatial_attention" name="tanh" says="The gate is a tanh: it lies between -1 and 1, and can turn the sign of a feature."
def spatial_attention(maps, conv):
    mean = maps.mean(dim=1, keepdim=True)
    top = maps.amax(dim=1, keepdim=True)
    gate = torch.tanh(conv(torch.cat([mean, top], dim=1)))
    return maps * gate, gate


# %% wrong="spatial_attention" name="hard gate" says="The gate is cut to 0 or 1. A sigmoid has values between, and only so it can be learned."
def spatial_attention(maps, conv):
    mean = maps.mean(dim=1, keepdim=True)
    top = maps.amax(dim=1, keepdim=True)
    score = conv(torch.cat([mean, top], dim=1))
    gate = (score > 0).to(score.dtype)
    return maps * gate, gate


# %% wrong="spatial_attention" name="hard sigmoid" says="The gate is a straight line that is cut off at 0 and 1. The sigmoid is a smooth curve."
def spatial_attention(maps, conv):
    mean = maps.mean(dim=1, keepdim=True)
    top = maps.amax(dim=1, keepdim=True)
    gate = F.hardsigmoid(conv(torch.cat([mean, top], dim=1)))
    return maps * gate, gate


# %% wrong="spatial_attention" name="sigmoid twice" says="The sigmoid is taken twice, so the gate lies between 0.5 and 0.73."
def spatial_attention(maps, conv):
    mean = maps.mean(dim=1, keepdim=True)
    top = maps.amax(dim=1, keepdim=True)
    gate = torch.sigmoid(torch.sigmoid(conv(torch.cat([mean, top], dim=1))))
    return maps * gate, gate


# %% wrong="spatial_attention" name="gate turned round" says="The gate is turned round: maps · (1 - gate) closes what should be open."
def spatial_attention(maps, conv):
    mean = maps.mean(dim=1, keepdim=True)
    top = maps.amax(dim=1, keepdim=True)
    gate = torch.sigmoid(conv(torch.cat([mean, top], dim=1)))
    gate = 1 - gate
    return maps * gate, gate


# %% wrong="spatial_attention" name="a gate for each channel" says="The channel itself goes into its gate, so it differs from channel to channel. At a place, all channels have the same gate."
def spatial_attention(maps, conv):
    mean = maps.mean(dim=1, keepdim=True)
    top = maps.amax(dim=1, keepdim=True)
    gate = torch.sigmoid(conv(torch.cat([mean, top], dim=1)))
    own = torch.cat([conv(torch.cat([mean, maps[:, c : c + 1]], dim=1)) for c in range(maps.shape[1])], dim=1)
    return maps * torch.sigmoid(own), gate


# %% wrong="spatial_attention" name="one gate for the picture" says="The gate is averaged over all places: then every place of a picture has the same."
def spatial_attention(maps, conv):
    mean = maps.mean(dim=1, keepdim=True)
    top = maps.amax(dim=1, keepdim=True)
    gate = torch.sigmoid(conv(torch.cat([mean, top], dim=1)))
    gate = gate.mean(dim=(2, 3), keepdim=True).expand_as(gate)
    return maps * gate, gate


# %% wrong="spatial_attention" name="mean over the places" says="Mean and maximum go over the places of the whole picture. They go over the channels, at each place by itself."
def spatial_attention(maps, conv):
    mean = maps.mean(dim=(1, 2, 3), keepdim=True).expand(-1, -1, *maps.shape[2:])
    top = maps.amax(dim=(1, 2, 3), keepdim=True).expand(-1, -1, *maps.shape[2:])
    gate = torch.sigmoid(conv(torch.cat([mean, top], dim=1)))
    return maps * gate, gate


# %% wrong="spatial_attention" name="gate without its channel" says="The gate has lost its dimension of size 1. It is [B, 1, H, W]."
def spatial_attention(maps, conv):
    mean = maps.mean(dim=1, keepdim=True)
    top = maps.amax(dim=1, keepdim=True)
    gate = torch.sigmoid(conv(torch.cat([mean, top], dim=1)))
    return maps * gate, gate.squeeze(1)


# %% wrong="spatial_attention" name="gate repeated" says="The gate is repeated for all channels. It is [B, 1, H, W]."
def spatial_attention(maps, conv):
    mean = maps.mean(dim=1, keepdim=True)
    top = maps.amax(dim=1, keepdim=True)
    gate = torch.sigmoid(conv(torch.cat([mean, top], dim=1)))
    return maps * gate, gate.expand_as(maps)


# %% wrong="spatial_attention" name="height and width exchanged" says="The maps are turned before the convolution and turned back: its window then lies on its side."
def spatial_attention(maps, conv):
    mean = maps.mean(dim=1, keepdim=True)
    top = maps.amax(dim=1, keepdim=True)
    gate = torch.sigmoid(conv(torch.cat([mean, top], dim=1).transpose(2, 3))).transpose(2, 3)
    return maps * gate, gate


# %% wrong="spatial_attention" name="sigmoid by exp" says="exp of a large number is infinite, and inf / inf is NaN. torch.sigmoid knows a way round it."
def spatial_attention(maps, conv):
    mean = maps.mean(dim=1, keepdim=True)
    top = maps.amax(dim=1, keepdim=True)
    powers = conv(torch.cat([mean, top], dim=1)).exp()
    gate = powers / (1 + powers)
    return maps * gate, gate


# %% wrong="spatial_attention" name="sigmoid by exp of the negative" says="The gate is right, but where exp(-x) is infinite the gradient is 0 · inf, which is NaN. torch.sigmoid knows a way round it."
def spatial_attention(maps, conv):
    mean = maps.mean(dim=1, keepdim=True)
    top = maps.amax(dim=1, keepdim=True)
    gate = 1 / (1 + (-conv(torch.cat([mean, top], dim=1))).exp())
    return maps * gate, gate


# %% wrong="spatial_attention" name="gate detached" says="The gate is detached: conv never learns where to look."
def spatial_attention(maps, conv):
    mean = maps.mean(dim=1, keepdim=True)
    top = maps.amax(dim=1, keepdim=True)
    gate = torch.sigmoid(conv(torch.cat([mean, top], dim=1)))
    gate = gate.detach()
    return maps * gate, gate


# %% wrong="spatial_attention" name="returned gate detached" says="The gate that comes back is detached: a loss on the gate has no gradient."
def spatial_attention(maps, conv):
    mean = maps.mean(dim=1, keepdim=True)
    top = maps.amax(dim=1, keepdim=True)
    gate = torch.sigmoid(conv(torch.cat([mean, top], dim=1)))
    return maps * gate, gate.detach()


# %% wrong="spatial_attention" name="maps detached before conv" says="The maps are detached on their way to the gate: a part of their gradient is missing."
def spatial_attention(maps, conv):
    mean = maps.mean(dim=1, keepdim=True)
    top = maps.amax(dim=1, keepdim=True)
    gate = torch.sigmoid(conv(torch.cat([mean.detach(), top.detach()], dim=1)))
    return maps * gate, gate


# %% wrong="spatial_attention" name="maps detached in the product" says="The maps are detached in the product: what is below never learns from the features."
def spatial_attention(maps, conv):
    mean = maps.mean(dim=1, keepdim=True)
    top = maps.amax(dim=1, keepdim=True)
    gate = torch.sigmoid(conv(torch.cat([mean, top], dim=1)))
    return maps.detach() * gate, gate


# %% wrong="spatial_attention" name="float32" says="The result is made float32: maps in float64 lose their digits."
def spatial_attention(maps, conv):
    mean = maps.mean(dim=1, keepdim=True)
    top = maps.amax(dim=1, keepdim=True)
    gate = torch.sigmoid(conv(torch.cat([mean, top], dim=1)))
    return (maps * gate).float(), gate.float()


# %% wrong="spatial_attention" name="random" says="The gate is drawn by chance."
def spatial_attention(maps, conv):
    mean = maps.mean(dim=1, keepdim=True)
    top = maps.amax(dim=1, keepdim=True)
    gate = torch.sigmoid(conv(torch.cat([mean, top], dim=1)))
    gate = gate * 0 + torch.rand_like(gate)
    return maps * gate, gate


# %% [markdown]
# ## channel_attention


# %% right="channel_attention" name="F.linear and a pooling"
def channel_attention(maps, W1, W2):
    z = F.adaptive_avg_pool2d(maps, 1).flatten(1)
    gate = F.linear(F.relu(F.linear(z, W1)), W2).sigmoid()
    return gate.unsqueeze(-1).unsqueeze(-1) * maps, gate


# %% right="channel_attention" name="einsum"
def channel_attention(maps, W1, W2):
    H, W = maps.shape[-2:]
    z = torch.einsum("bchw->bc", maps) / (H * W)
    hidden = torch.einsum("rc,bc->br", W1, z).clamp(min=0)
    gate = torch.sigmoid(torch.einsum("cr,br->bc", W2, hidden))
    return torch.einsum("bchw,bc->bchw", maps, gate), gate


# %% right="channel_attention" name="1 × 1 convolutions"
def channel_attention(maps, W1, W2):
    z = maps.mean(3, keepdim=True).mean(2, keepdim=True)
    hidden = torch.relu(F.conv2d(z, W1.view(*W1.shape, 1, 1)))
    gate = torch.sigmoid(F.conv2d(hidden, W2.view(*W2.shape, 1, 1)))
    return maps * gate, gate[:, :, 0, 0]


# %% wrong="channel_attention" name="a gate for each place" says="Each place has a gate of its own: the mean over the places is missing on the way to the product."
def channel_attention(maps, W1, W2):
    z = maps.mean(dim=(2, 3))
    hidden = torch.relu(z @ W1.T)
    gate = torch.sigmoid(hidden @ W2.T)
    own = torch.sigmoid(torch.relu(maps.movedim(1, -1) @ W1.T) @ W2.T).movedim(-1, 1)
    return maps * own, gate


# %% wrong="channel_attention" name="maximum in place of the mean" says="The maximum over the places is taken. The squeeze is a mean."
def channel_attention(maps, W1, W2):
    z = maps.amax(dim=(2, 3))
    hidden = torch.relu(z @ W1.T)
    gate = torch.sigmoid(hidden @ W2.T)
    return maps * gate[:, :, None, None], gate


# %% wrong="channel_attention" name="sum in place of the mean" says="The places are summed. A mean is divided by their number, or a larger picture would open the gates."
def channel_attention(maps, W1, W2):
    z = maps.sum(dim=(2, 3))
    hidden = torch.relu(z @ W1.T)
    gate = torch.sigmoid(hidden @ W2.T)
    return maps * gate[:, :, None, None], gate


# %% wrong="channel_attention" name="mean over the height only" says="The mean goes over the height, and of the width only the first column is used. It goes over both."
def channel_attention(maps, W1, W2):
    z = maps.mean(dim=2)[:, :, 0]
    hidden = torch.relu(z @ W1.T)
    gate = torch.sigmoid(hidden @ W2.T)
    return maps * gate[:, :, None, None], gate


# %% wrong="channel_attention" name="first place only" says="Only the first place of each map is read. z is the mean over all of them."
def channel_attention(maps, W1, W2):
    z = maps[:, :, 0, 0]
    hidden = torch.relu(z @ W1.T)
    gate = torch.sigmoid(hidden @ W2.T)
    return maps * gate[:, :, None, None], gate


# %% wrong="channel_attention" name="mean of the absolute values" says="The mean is taken of the absolute values: plus and minus no longer cancel."
def channel_attention(maps, W1, W2):
    z = maps.abs().mean(dim=(2, 3))
    hidden = torch.relu(z @ W1.T)
    gate = torch.sigmoid(hidden @ W2.T)
    return maps * gate[:, :, None, None], gate


# %% wrong="channel_attention" name="mean of ReLU" says="Negative numbers are set to 0 before the mean."
def channel_attention(maps, W1, W2):
    z = maps.relu().mean(dim=(2, 3))
    hidden = torch.relu(z @ W1.T)
    gate = torch.sigmoid(hidden @ W2.T)
    return maps * gate[:, :, None, None], gate


# %% wrong="channel_attention" name="mean over the batch" says="z is the mean over the pictures as well: all pictures of a batch get the same gates."
def channel_attention(maps, W1, W2):
    z = maps.mean(dim=(0, 2, 3)).expand(len(maps), -1)
    hidden = torch.relu(z @ W1.T)
    gate = torch.sigmoid(hidden @ W2.T)
    return maps * gate[:, :, None, None], gate


# %% wrong="channel_attention" name="mean over the channels" says="The mean goes over the channels too, so that all of them have the same z."
def channel_attention(maps, W1, W2):
    z = maps.mean(dim=(1, 2, 3)).unsqueeze(1).expand(maps.shape[:2])
    hidden = torch.relu(z @ W1.T)
    gate = torch.sigmoid(hidden @ W2.T)
    return maps * gate[:, :, None, None], gate


# %% wrong="channel_attention" name="softmax in place of the sigmoid" says="The gates of a picture sum to 1. With a sigmoid, several channels can be open at the same time."
def channel_attention(maps, W1, W2):
    z = maps.mean(dim=(2, 3))
    hidden = torch.relu(z @ W1.T)
    gate = torch.softmax(hidden @ W2.T, dim=1)
    return maps * gate[:, :, None, None], gate


# %% wrong="channel_attention" name="no sigmoid" says="The sigmoid is missing: the gate is not between 0 and 1."
def channel_attention(maps, W1, W2):
    z = maps.mean(dim=(2, 3))
    hidden = torch.relu(z @ W1.T)
    gate = hidden @ W2.T
    return maps * gate[:, :, None, None], gate


# %% wrong="channel_attention" name="tanh" says="The gate is a tanh: it lies between -1 and 1, and can turn the sign of a feature."
def channel_attention(maps, W1, W2):
    z = maps.mean(dim=(2, 3))
    hidden = torch.relu(z @ W1.T)
    gate = torch.tanh(hidden @ W2.T)
    return maps * gate[:, :, None, None], gate


# %% wrong="channel_attention" name="hard sigmoid" says="The gate is a straight line that is cut off at 0 and 1. The sigmoid is a smooth curve."
def channel_attention(maps, W1, W2):
    z = maps.mean(dim=(2, 3))
    hidden = torch.relu(z @ W1.T)
    gate = F.hardsigmoid(hidden @ W2.T)
    return maps * gate[:, :, None, None], gate


# %% wrong="channel_attention" name="W1 and W2 exchanged" says="W2 is used before W1, wherever the sizes allow it."
def channel_attention(maps, W1, W2):
    z = maps.mean(dim=(2, 3))
    if W1.shape == W2.shape:
        W1, W2 = W2, W1
    hidden = torch.relu(z @ W1.T)
    gate = torch.sigmoid(hidden @ W2.T)
    return maps * gate[:, :, None, None], gate


# %% wrong="channel_attention" name="not transposed" says="Rows of W1 and W2 are outputs: W z is z @ W.T in a batch. Where the matrices are square, the transpose is missing."
def channel_attention(maps, W1, W2):
    z = maps.mean(dim=(2, 3))
    hidden = torch.relu(z @ (W1 if len(W1) == W1.shape[1] else W1.T))
    gate = torch.sigmoid(hidden @ (W2 if len(W2) == W2.shape[1] else W2.T))
    return maps * gate[:, :, None, None], gate


# %% wrong="channel_attention" name="gate along the places" says="The gate is multiplied along the places, where the sizes allow it: it needs two dimensions of size 1 at its end."
def channel_attention(maps, W1, W2):
    z = maps.mean(dim=(2, 3))
    hidden = torch.relu(z @ W1.T)
    gate = torch.sigmoid(hidden @ W2.T)
    if maps.shape[2:] == gate.shape:
        return maps * gate, gate
    return maps * gate[:, :, None, None], gate


# %% wrong="channel_attention" name="gates of the pictures exchanged" says="Where there are as many pictures as channels, the gate is transposed: a picture gets a channel's gates."
def channel_attention(maps, W1, W2):
    z = maps.mean(dim=(2, 3))
    hidden = torch.relu(z @ W1.T)
    gate = torch.sigmoid(hidden @ W2.T)
    if gate.shape[0] == gate.shape[1]:
        return maps * gate.T[:, :, None, None], gate
    return maps * gate[:, :, None, None], gate


# %% wrong="channel_attention" name="gate with two dimensions too many" says="The gate comes back as [B, C, 1, 1]. It is [B, C]."
def channel_attention(maps, W1, W2):
    z = maps.mean(dim=(2, 3))
    hidden = torch.relu(z @ W1.T)
    gate = torch.sigmoid(hidden @ W2.T)
    gate = gate[:, :, None, None]
    return maps * gate, gate


# %% wrong="channel_attention" name="maps without their places" says="squeeze() drops every dimension of size 1, also a batch of one picture."
def channel_attention(maps, W1, W2):
    z = maps.mean(dim=(2, 3))
    hidden = torch.relu(z @ W1.T)
    gate = torch.sigmoid(hidden @ W2.T)
    return (maps * gate[:, :, None, None]).squeeze(), gate.squeeze()


# %% wrong="channel_attention" name="W1 changed in place" says="W1 is overwritten: the next call finds another matrix."
def channel_attention(maps, W1, W2):
    z = maps.mean(dim=(2, 3))
    hidden = torch.relu(z @ W1.T)
    gate = torch.sigmoid(hidden @ W2.T)
    if not W1.requires_grad:
        W1.clamp_(min=-1, max=1)
    return maps * gate[:, :, None, None], gate


# %% wrong="channel_attention" name="sigmoid by exp" says="exp of a large number is infinite, and inf / inf is NaN. torch.sigmoid knows a way round it."
def channel_attention(maps, W1, W2):
    z = maps.mean(dim=(2, 3))
    hidden = torch.relu(z @ W1.T)
    powers = (hidden @ W2.T).exp()
    gate = powers / (1 + powers)
    return maps * gate[:, :, None, None], gate


# %% wrong="channel_attention" name="sigmoid by exp of the negative" says="The gate is right, but where exp(-x) is infinite the gradient is 0 · inf, which is NaN. torch.sigmoid knows a way round it."
def channel_attention(maps, W1, W2):
    z = maps.mean(dim=(2, 3))
    hidden = torch.relu(z @ W1.T)
    gate = 1 / (1 + (-(hidden @ W2.T)).exp())
    return maps * gate[:, :, None, None], gate


# %% wrong="channel_attention" name="gate detached" says="The gate is detached: W1 and W2 never learn."
def channel_attention(maps, W1, W2):
    z = maps.mean(dim=(2, 3))
    hidden = torch.relu(z @ W1.T)
    gate = torch.sigmoid(hidden @ W2.T).detach()
    return maps * gate[:, :, None, None], gate


# %% wrong="channel_attention" name="returned gate detached" says="The gate that comes back is detached: a loss on the gate has no gradient."
def channel_attention(maps, W1, W2):
    z = maps.mean(dim=(2, 3))
    hidden = torch.relu(z @ W1.T)
    gate = torch.sigmoid(hidden @ W2.T)
    return maps * gate[:, :, None, None], gate.detach()


# %% wrong="channel_attention" name="squeeze detached" says="z is detached: a part of the gradient of the maps is missing."
def channel_attention(maps, W1, W2):
    z = maps.detach().mean(dim=(2, 3))
    hidden = torch.relu(z @ W1.T)
    gate = torch.sigmoid(hidden @ W2.T)
    return maps * gate[:, :, None, None], gate


# %% wrong="channel_attention" name="maps detached in the product" says="The maps are detached in the product: what is below never learns from the features."
def channel_attention(maps, W1, W2):
    z = maps.mean(dim=(2, 3))
    hidden = torch.relu(z @ W1.T)
    gate = torch.sigmoid(hidden @ W2.T)
    return maps.detach() * gate[:, :, None, None], gate


# %% wrong="channel_attention" name="W2 without gradient" says="W2.data has no gradient, so W2 is never learned."
def channel_attention(maps, W1, W2):
    z = maps.mean(dim=(2, 3))
    hidden = torch.relu(z @ W1.T)
    gate = torch.sigmoid(hidden @ W2.data.T)
    return maps * gate[:, :, None, None], gate


# %% wrong="channel_attention" name="float32" says="The result is made float32: maps in float64 lose their digits."
def channel_attention(maps, W1, W2):
    z = maps.mean(dim=(2, 3))
    hidden = torch.relu(z @ W1.T)
    gate = torch.sigmoid(hidden @ W2.T)
    return (maps * gate[:, :, None, None]).float(), gate.float()


# %% wrong="channel_attention" name="half open" says="Every gate is 0.5, whatever the maps are."
def channel_attention(maps, W1, W2):
    z = maps.mean(dim=(2, 3))
    hidden = torch.relu(z @ W1.T)
    gate = torch.sigmoid(hidden @ W2.T)
    gate = 0 * gate + 0.5
    return maps * gate[:, :, None, None], gate


# %% [markdown]
# ## label_attention


# %% right="label_attention" name="einsum"
def label_attention(maps, queries):
    B, C, H, W = maps.shape
    scores = torch.einsum("lc,bchw->blhw", queries, maps) / C**0.5
    weights = F.softmax(scores.reshape(B, len(queries), -1), dim=-1).reshape(scores.shape)
    contexts = torch.einsum("blhw,bchw->blc", weights, maps)
    return contexts, weights


# %% right="label_attention" name="places as rows"
def label_attention(maps, queries):
    B, C, H, W = maps.shape
    rows = maps.permute(0, 2, 3, 1).reshape(B, H * W, C)
    scores = rows @ queries.T * C**-0.5  # [B, HW, L]
    weights = scores.softmax(dim=1)
    contexts = weights.transpose(1, 2) @ rows
    return contexts, weights.transpose(1, 2).reshape(B, -1, H, W)


# %% right="label_attention" name="torch's own attention for the contexts"
def label_attention(maps, queries):
    B, C, H, W = maps.shape
    rows = maps.flatten(2).mT
    q = queries.expand(B, -1, -1)
    contexts = F.scaled_dot_product_attention(q, rows, rows)
    weights = torch.softmax(torch.bmm(q, rows.mT) / math.sqrt(C), dim=2).unflatten(2, (H, W))
    return contexts, weights


# %% right="label_attention" name="label by label"
def label_attention(maps, queries):
    contexts, weights = [], []
    for q in queries:
        score = (maps * q[:, None, None]).sum(1) / maps.shape[1] ** 0.5  # [B, H, W]
        powers = (score - score.amax((1, 2), keepdim=True)).exp()
        w = powers / powers.sum((1, 2), keepdim=True)
        weights.append(w)
        contexts.append((maps * w[:, None]).sum((2, 3)))
    return torch.stack(contexts, 1), torch.stack(weights, 1)


# %% wrong="label_attention" name="softmax over the labels" says="The softmax goes over the labels: at each place the labels share a sum of 1. Each label shares its weight among the places."
def label_attention(maps, queries):
    B, C, H, W = maps.shape
    places = maps.flatten(2)
    weights = torch.softmax(queries @ places / C**0.5, dim=1)
    return weights @ places.transpose(1, 2), weights.reshape(B, -1, H, W)


# %% wrong="label_attention" name="softmax within each row" says="The softmax goes over the width only, so each *row* of the map sums to 1. Height and width together are one set of places."
def label_attention(maps, queries):
    scores = torch.einsum("lc,bchw->blhw", queries, maps) / maps.shape[1] ** 0.5
    weights = torch.softmax(scores, dim=3)
    return torch.einsum("blhw,bchw->blc", weights, maps), weights


# %% wrong="label_attention" name="softmax within each column" says="The softmax goes over the height only, so each *column* of the map sums to 1. Height and width together are one set of places."
def label_attention(maps, queries):
    scores = torch.einsum("lc,bchw->blhw", queries, maps) / maps.shape[1] ** 0.5
    weights = torch.softmax(scores, dim=2)
    return torch.einsum("blhw,bchw->blc", weights, maps), weights


# %% wrong="label_attention" name="softmax over rows, then columns" says="Two softmaxes, one over the width and one over the height, are not one softmax over all places."
def label_attention(maps, queries):
    scores = torch.einsum("lc,bchw->blhw", queries, maps) / maps.shape[1] ** 0.5
    weights = torch.softmax(torch.softmax(scores, dim=3), dim=2)
    return torch.einsum("blhw,bchw->blc", weights, maps), weights


# %% wrong="label_attention" name="not divided by the root of C" says="The division by √C is missing: with many channels the scores are large, and nearly all the weight goes to one place."
def label_attention(maps, queries):
    B, C, H, W = maps.shape
    places = maps.flatten(2)
    weights = torch.softmax(queries @ places, dim=2)
    return weights @ places.transpose(1, 2), weights.reshape(B, -1, H, W)


# %% wrong="label_attention" name="divided by C" says="The scores are divided by C and not by its root: the weights become too equal."
def label_attention(maps, queries):
    B, C, H, W = maps.shape
    places = maps.flatten(2)
    weights = torch.softmax(queries @ places / C, dim=2)
    return weights @ places.transpose(1, 2), weights.reshape(B, -1, H, W)


# %% wrong="label_attention" name="multiplied by the root of C" says="The scores are multiplied by √C; they have to be divided by it."
def label_attention(maps, queries):
    B, C, H, W = maps.shape
    places = maps.flatten(2)
    weights = torch.softmax(queries @ places * C**0.5, dim=2)
    return weights @ places.transpose(1, 2), weights.reshape(B, -1, H, W)


# %% wrong="label_attention" name="sum not weighted" says="The weights are not used for the contexts: every place counts 1, and all labels get the same vector."
def label_attention(maps, queries):
    B, C, H, W = maps.shape
    places = maps.flatten(2)
    weights = torch.softmax(queries @ places / C**0.5, dim=2)
    return places.sum(dim=2).unsqueeze(1).expand(B, len(queries), C), weights.reshape(B, -1, H, W)


# %% wrong="label_attention" name="plain mean" says="The context is the plain mean over the places, the same for all labels. Each place has to count with the weight of the label."
def label_attention(maps, queries):
    B, C, H, W = maps.shape
    places = maps.flatten(2)
    weights = torch.softmax(queries @ places / C**0.5, dim=2)
    return places.mean(dim=2).unsqueeze(1).expand(B, len(queries), C), weights.reshape(B, -1, H, W)


# %% wrong="label_attention" name="divided by the places" says="The weighted sum is divided by the number of places once more. The weights sum to 1 already."
def label_attention(maps, queries):
    B, C, H, W = maps.shape
    places = maps.flatten(2)
    weights = torch.softmax(queries @ places / C**0.5, dim=2)
    return weights @ places.transpose(1, 2) / (H * W), weights.reshape(B, -1, H, W)


# %% wrong="label_attention" name="map transposed" says="Height and width of the weights are exchanged: the map has the shape [W, H], and it does not lie over the picture."
def label_attention(maps, queries):
    B, C, H, W = maps.shape
    places = maps.flatten(2)
    weights = torch.softmax(queries @ places / C**0.5, dim=2)
    return weights @ places.transpose(1, 2), weights.reshape(B, -1, W, H)


# %% wrong="label_attention" name="places column by column" says="The places are flattened column by column, and given back row by row: the weights have the right shape, but they lie at wrong places."
def label_attention(maps, queries):
    B, C, H, W = maps.shape
    places = maps.transpose(2, 3).flatten(2)
    weights = torch.softmax(queries @ places / C**0.5, dim=2)
    return weights @ places.transpose(1, 2), weights.reshape(B, -1, H, W)


# %% wrong="label_attention" name="values mixed up" says="The weights are right, but for the contexts the maps are reshaped to [B, H · W, C] where a transpose is needed: each row mixes places and channels."
def label_attention(maps, queries):
    B, C, H, W = maps.shape
    weights = torch.softmax(queries @ maps.flatten(2) / C**0.5, dim=2)
    return weights @ maps.reshape(B, H * W, C), weights.reshape(B, -1, H, W)


# %% wrong="label_attention" name="exp without the maximum" says="exp of a large score is infinite, and inf / inf is NaN. torch.softmax takes the maximum away first."
def label_attention(maps, queries):
    B, C, H, W = maps.shape
    places = maps.flatten(2)
    powers = torch.exp(queries @ places / C**0.5)
    weights = powers / powers.sum(dim=2, keepdim=True)
    return weights @ places.transpose(1, 2), weights.reshape(B, -1, H, W)


# %% wrong="label_attention" name="scores clamped" says="The scores are clamped before exp: places with larger scores than the limit all get the same weight."
def label_attention(maps, queries):
    B, C, H, W = maps.shape
    places = maps.flatten(2)
    weights = torch.softmax((queries @ places / C**0.5).clamp(-30, 30), dim=2)
    return weights @ places.transpose(1, 2), weights.reshape(B, -1, H, W)


# %% wrong="label_attention" name="exp clamped" says="exp is clamped at 1e30: no NaN comes out, but all places with large scores get the same weight. torch.softmax keeps them apart."
def label_attention(maps, queries):
    B, C, H, W = maps.shape
    places = maps.flatten(2)
    powers = torch.exp(queries @ places / C**0.5).clamp(max=1e30)
    weights = powers / powers.sum(dim=2, keepdim=True)
    return weights @ places.transpose(1, 2), weights.reshape(B, -1, H, W)


# %% wrong="label_attention" name="one maximum for the batch" says="The largest score of the whole batch is taken away before exp. In another picture all powers are then 0, and 0 / 0 is NaN: each label of each picture needs its own maximum."
def label_attention(maps, queries):
    B, C, H, W = maps.shape
    places = maps.flatten(2)
    scores = queries @ places / C**0.5
    powers = torch.exp(scores - scores.max())
    weights = powers / powers.sum(dim=2, keepdim=True)
    return weights @ places.transpose(1, 2), weights.reshape(B, -1, H, W)


# %% wrong="label_attention" name="weights first" says="The two results are exchanged: first the contexts, then the weights."
def label_attention(maps, queries):
    B, C, H, W = maps.shape
    places = maps.flatten(2)
    weights = torch.softmax(queries @ places / C**0.5, dim=2)
    return weights.reshape(B, -1, H, W), weights @ places.transpose(1, 2)


# %% wrong="label_attention" name="weights stay flat" says="The weights stay flat, [B, L, H · W]. Give them their height and width back."
def label_attention(maps, queries):
    C = maps.shape[1]
    places = maps.flatten(2)
    weights = torch.softmax(queries @ places / C**0.5, dim=2)
    return weights @ places.transpose(1, 2), weights


# %% wrong="label_attention" name="contexts transposed" says="The contexts come as [B, C, L]: each label must have its vector in a row, [B, L, C]."
def label_attention(maps, queries):
    B, C, H, W = maps.shape
    places = maps.flatten(2)
    weights = torch.softmax(queries @ places / C**0.5, dim=2)
    return places @ weights.transpose(1, 2), weights.reshape(B, -1, H, W)


# %% wrong="label_attention" name="queries transposed" says="Where there are as many labels as channels, the queries are used transposed: a query is a *row* of the matrix."
def label_attention(maps, queries):
    B, C, H, W = maps.shape
    places = maps.flatten(2)
    q = queries.T if queries.shape[0] == queries.shape[1] else queries
    weights = torch.softmax(q @ places / C**0.5, dim=2)
    return weights @ places.transpose(1, 2), weights.reshape(B, -1, H, W)


# %% wrong="label_attention" name="squeeze" says="squeeze() drops every dimension of size 1, also a batch of one picture or a single label."
def label_attention(maps, queries):
    B, C, H, W = maps.shape
    places = maps.flatten(2)
    weights = torch.softmax(queries @ places / C**0.5, dim=2)
    return (weights @ places.transpose(1, 2)).squeeze(), weights.reshape(B, -1, H, W).squeeze()


# %% wrong="label_attention" name="weights detached" says="The weights are detached: through the contexts no gradient reaches the queries, and no label learns where to look."
def label_attention(maps, queries):
    B, C, H, W = maps.shape
    places = maps.flatten(2)
    weights = torch.softmax(queries @ places / C**0.5, dim=2).detach()
    return weights @ places.transpose(1, 2), weights.reshape(B, -1, H, W)


# %% wrong="label_attention" name="values detached" says="The vectors are detached where they are summed: the maps get a gradient as keys only."
def label_attention(maps, queries):
    B, C, H, W = maps.shape
    places = maps.flatten(2)
    weights = torch.softmax(queries @ places / C**0.5, dim=2)
    return weights @ places.detach().transpose(1, 2), weights.reshape(B, -1, H, W)


# %% wrong="label_attention" name="keys detached" says="The vectors are detached where they are scored: the maps get a gradient as values only."
def label_attention(maps, queries):
    B, C, H, W = maps.shape
    places = maps.flatten(2)
    weights = torch.softmax(queries @ places.detach() / C**0.5, dim=2)
    return weights @ places.transpose(1, 2), weights.reshape(B, -1, H, W)


# %% wrong="label_attention" name="only the map detached" says="The contexts have a history, but the returned weights are detached: who trains with the map reaches nothing."
def label_attention(maps, queries):
    B, C, H, W = maps.shape
    places = maps.flatten(2)
    weights = torch.softmax(queries @ places / C**0.5, dim=2)
    return weights @ places.transpose(1, 2), weights.detach().reshape(B, -1, H, W)


# %% wrong="label_attention" name="queries changed in place" says="/= divides the caller's queries by √C: with every call they become smaller."
def label_attention(maps, queries):
    B, C, H, W = maps.shape
    places = maps.flatten(2)
    if queries.requires_grad:
        queries = queries / C**0.5
    else:
        queries /= C**0.5
    weights = torch.softmax(queries @ places, dim=2)
    return weights @ places.transpose(1, 2), weights.reshape(B, -1, H, W)


# %% wrong="label_attention" name="view" says="view needs a certain order in memory: it fails for maps that come from permute. flatten and reshape do not."
def label_attention(maps, queries):
    B, C, H, W = maps.shape
    places = maps.view(B, C, H * W)
    weights = torch.softmax(queries @ places / C**0.5, dim=2)
    return weights @ places.transpose(1, 2), weights.reshape(B, -1, H, W)


# %% [markdown]
# ## pointing_accuracy


# %% right="pointing_accuracy" name="only the labels that are there"
def pointing_accuracy(maps, masks, labels):
    if not labels.any():
        return 0.0
    seen, regions = maps[labels].flatten(1), masks[labels].flatten(1)  # [n, H * W]
    return regions[torch.arange(len(seen)), seen.argmax(dim=1)].float().mean().item()


# %% right="pointing_accuracy" name="loops, row and column"
def pointing_accuracy(maps, masks, labels):
    hits, there = 0, 0
    B, L, H, W = maps.shape
    for b in range(B):
        for k in range(L):
            if labels[b, k]:
                there += 1
                row, column = divmod(int(maps[b, k].argmax()), W)
                hits += bool(masks[b, k, row, column])
    return hits / there if there else 0.0


# %% right="pointing_accuracy" name="one-hot places"
def pointing_accuracy(maps, masks, labels):
    B, L, H, W = maps.shape
    best = maps.reshape(B * L, H * W).max(dim=1).indices
    points = F.one_hot(best, H * W).bool().reshape(B, L, H, W)
    hits = (points & masks).any(dim=-1).any(dim=-1) & labels
    return hits.sum().item() / max(1, labels.sum().item())


# %% wrong="pointing_accuracy" name="absent labels counted" says="Labels that are not there are counted as well, as hits or misses. Only labels that are there have a region."
def pointing_accuracy(maps, masks, labels):
    brightest = maps.flatten(2).argmax(dim=2, keepdim=True)
    return masks.flatten(2).gather(2, brightest).float().mean().item()


# %% wrong="pointing_accuracy" name="divided by all labels" says="The hits are those of labels that are there, but they are divided by B · L. Divide by the number of labels that are there."
def pointing_accuracy(maps, masks, labels):
    brightest = maps.flatten(2).argmax(dim=2, keepdim=True)
    hits = masks.flatten(2).gather(2, brightest).squeeze(2) & labels
    return hits.float().mean().item()


# %% wrong="pointing_accuracy" name="divided by the pictures" says="The hits are divided by the number of pictures B. A picture may have several labels: divide by the number of labels that are there."
def pointing_accuracy(maps, masks, labels):
    brightest = maps.flatten(2).argmax(dim=2, keepdim=True)
    hits = masks.flatten(2).gather(2, brightest).squeeze(2) & labels
    return hits.sum().item() / len(labels)


# %% wrong="pointing_accuracy" name="hits of absent labels" says="All hits are counted, also of labels that are not there, and divided by the number of labels that are there: the share can be larger than 1."
def pointing_accuracy(maps, masks, labels):
    brightest = maps.flatten(2).argmax(dim=2, keepdim=True)
    hits = masks.flatten(2).gather(2, brightest)
    return hits.sum().item() / max(1, labels.sum().item())


# %% wrong="pointing_accuracy" name="there by the region" says="Whether a label counts is read off its region and not off labels: a label that is there with an empty region is left out, and a region without its label is counted."
def pointing_accuracy(maps, masks, labels):
    there = masks.flatten(2).any(dim=2)
    brightest = maps.flatten(2).argmax(dim=2, keepdim=True)
    hits = masks.flatten(2).gather(2, brightest).squeeze(2)
    return hits[there].float().mean().item() if there.any() else 0.0


# %% wrong="pointing_accuracy" name="empty regions left out" says="A label that is there and whose region is empty is left out. It counts, as a miss."
def pointing_accuracy(maps, masks, labels):
    there = labels & masks.flatten(2).any(dim=2)
    brightest = maps.flatten(2).argmax(dim=2, keepdim=True)
    hits = masks.flatten(2).gather(2, brightest).squeeze(2)
    return hits[there].float().mean().item() if there.any() else 0.0


# %% wrong="pointing_accuracy" name="mass in the region" says="This is how much of the map's sum lies in the region. The pointing game asks only where the brightest place is."
def pointing_accuracy(maps, masks, labels):
    share = (maps * masks).sum(dim=(2, 3)) / maps.sum(dim=(2, 3))
    return share[labels].mean().item() if labels.any() else 0.0


# %% wrong="pointing_accuracy" name="size of the region" says="This is how large the regions are, as a share of the picture: what a random place would hit. The maps are not used."
def pointing_accuracy(maps, masks, labels):
    return masks[labels].float().mean().item() if labels.any() else 0.0


# %% wrong="pointing_accuracy" name="brighter inside than outside" says="Means inside and outside of the region are compared. The pointing game asks only where the single brightest place is."
def pointing_accuracy(maps, masks, labels):
    inside = (maps * masks).sum(dim=(2, 3)) / masks.sum(dim=(2, 3)).clamp(min=1)
    outside = (maps * ~masks).sum(dim=(2, 3)) / (~masks).sum(dim=(2, 3)).clamp(min=1)
    return (inside > outside)[labels].float().mean().item() if labels.any() else 0.0


# %% wrong="pointing_accuracy" name="argmax over the labels" says="argmax goes over the labels: it says which label is brightest at a place. Asked for is the brightest place of each label."
def pointing_accuracy(maps, masks, labels):
    best = F.one_hot(maps.argmax(dim=1), maps.shape[1]).bool().permute(0, 3, 1, 2)
    hits = (best & masks).flatten(2).any(dim=2)
    return hits[labels].float().mean().item() if labels.any() else 0.0


# %% wrong="pointing_accuracy" name="one place for each picture" says="One argmax goes over labels and places together, so only the brightest label of a picture can be a hit. Each label has a brightest place of its own."
def pointing_accuracy(maps, masks, labels):
    best = F.one_hot(maps.flatten(1).argmax(dim=1), maps[0].numel()).bool().reshape(maps.shape)
    hits = (best & masks).flatten(2).any(dim=2)
    return hits[labels].float().mean().item() if labels.any() else 0.0


# %% wrong="pointing_accuracy" name="brightest of each row" says="argmax goes over the width only: every row has a brightest place of its own, and one of them in the region is enough. There is one brightest place in the whole map."
def pointing_accuracy(maps, masks, labels):
    hits = masks.gather(3, maps.argmax(dim=3, keepdim=True)).flatten(2).any(dim=2)
    return hits[labels].float().mean().item() if labels.any() else 0.0


# %% wrong="pointing_accuracy" name="brightest row and brightest column" says="The row and the column are chosen each by itself, from sums. Where they meet need not be the brightest place."
def pointing_accuracy(maps, masks, labels):
    B, L, H, W = maps.shape
    row, column = maps.sum(dim=3).argmax(dim=2), maps.sum(dim=2).argmax(dim=2)
    hits = masks.flatten(2).gather(2, (row * W + column).unsqueeze(2)).squeeze(2)
    return hits[labels].float().mean().item() if labels.any() else 0.0


# %% wrong="pointing_accuracy" name="masks transposed" says="The masks are flattened column by column and the maps row by row, so the same number means two different places."
def pointing_accuracy(maps, masks, labels):
    brightest = maps.flatten(2).argmax(dim=2, keepdim=True)
    hits = masks.transpose(2, 3).flatten(2).gather(2, brightest).squeeze(2)
    return hits[labels].float().mean().item() if labels.any() else 0.0


# %% wrong="pointing_accuracy" name="divided by the height" says="The number of a place is split with the height H. Row by row, a row has W places: the row is number // W and the column number % W."
def pointing_accuracy(maps, masks, labels):
    B, L, H, W = maps.shape
    hits, there = 0, 0
    for b in range(B):
        for k in range(L):
            if labels[b, k]:
                number = int(maps[b, k].argmax())
                row, column = number // H, number % H
                there += 1
                hits += row < H and column < W and bool(masks[b, k, row, column])
    return hits / there if there else 0.0


# %% wrong="pointing_accuracy" name="whole pictures" says="A picture counts only if all of its labels are hit, and the share is one of pictures. Asked for is the share of labels."
def pointing_accuracy(maps, masks, labels):
    brightest = maps.flatten(2).argmax(dim=2, keepdim=True)
    hits = masks.flatten(2).gather(2, brightest).squeeze(2)
    full = labels.any(dim=1)
    return (hits | ~labels).all(dim=1)[full].float().mean().item() if full.any() else 0.0


# %% wrong="pointing_accuracy" name="any of the brightest" says="Where several places are equally bright, one of them in the region is enough here. The first one counts, row by row."
def pointing_accuracy(maps, masks, labels):
    hits = ((maps == maps.amax(dim=(2, 3), keepdim=True)) & masks).flatten(2).any(dim=2)
    return hits[labels].float().mean().item() if labels.any() else 0.0


# %% wrong="pointing_accuracy" name="all of the brightest" says="Where several places are equally bright, all of them have to lie in the region here. The first one counts, row by row."
def pointing_accuracy(maps, masks, labels):
    hits = ((maps < maps.amax(dim=(2, 3), keepdim=True)) | masks).flatten(2).all(dim=2)
    return hits[labels].float().mean().item() if labels.any() else 0.0


# %% wrong="pointing_accuracy" name="the last of the brightest" says="Where several places are equally bright, the last one counts here. It is the first one, row by row."
def pointing_accuracy(maps, masks, labels):
    brightest = maps.flatten(2).flip(2).argmax(dim=2, keepdim=True)
    hits = masks.flatten(2).flip(2).gather(2, brightest).squeeze(2)
    return hits[labels].float().mean().item() if labels.any() else 0.0


# %% wrong="pointing_accuracy" name="column by column" says="Where several places are equally bright, the first one *column by column* counts here. Row by row is asked for."
def pointing_accuracy(maps, masks, labels):
    brightest = maps.transpose(2, 3).flatten(2).argmax(dim=2, keepdim=True)
    hits = masks.transpose(2, 3).flatten(2).gather(2, brightest).squeeze(2)
    return hits[labels].float().mean().item() if labels.any() else 0.0


# %% wrong="pointing_accuracy" name="map times mask" says="The map is multiplied by the mask, so everything outside becomes 0. In a map of negative numbers 0 is brighter than all real places: nothing is a hit."
def pointing_accuracy(maps, masks, labels):
    first = maps.flatten(2).argmax(dim=2, keepdim=True)
    product = (maps * masks).flatten(2)
    inside = product.argmax(dim=2, keepdim=True)
    hits = ((first == inside) & masks.flatten(2).gather(2, inside)).squeeze(2)
    return hits[labels].float().mean().item() if labels.any() else 0.0


# %% wrong="pointing_accuracy" name="brightest inside is brightest of all" says="The brightest place inside the region is compared with that of the whole map. In an empty region all numbers are filled with -inf, so its argmax is place 0. If the map begins with its maximum, both places agree, and a miss is counted as a hit."
def pointing_accuracy(maps, masks, labels):
    inside = maps.masked_fill(~masks, float("-inf")).flatten(2).argmax(dim=2)
    hits = inside == maps.flatten(2).argmax(dim=2)
    return hits[labels].float().mean().item() if labels.any() else 0.0


# %% wrong="pointing_accuracy" name="NaN without labels" says="If no label is there, this is the mean of nothing, which is NaN. Here it has to be 0.0."
def pointing_accuracy(maps, masks, labels):
    brightest = maps.flatten(2).argmax(dim=2, keepdim=True)
    hits = masks.flatten(2).gather(2, brightest).squeeze(2)
    return hits[labels].float().mean().item()


# %% wrong="pointing_accuracy" name="error without labels" says="If no label is there, this divides by 0 and stops with an error. Here the result has to be 0.0."
def pointing_accuracy(maps, masks, labels):
    brightest = maps.flatten(2).argmax(dim=2, keepdim=True)
    hits = masks.flatten(2).gather(2, brightest).squeeze(2)
    return hits[labels].sum().item() / labels.sum().item()


# %% wrong="pointing_accuracy" name="1 without labels" says="If no label is there, this gives 1. Nothing was hit: 0.0 is asked for."
def pointing_accuracy(maps, masks, labels):
    brightest = maps.flatten(2).argmax(dim=2, keepdim=True)
    hits = masks.flatten(2).gather(2, brightest).squeeze(2)
    return hits[labels].float().mean().item() if labels.any() else 1.0


# %% wrong="pointing_accuracy" name="0 as a whole number" says="If no label is there, this gives the whole number 0. A float is asked for: 0.0."
def pointing_accuracy(maps, masks, labels):
    brightest = maps.flatten(2).argmax(dim=2, keepdim=True)
    hits = masks.flatten(2).gather(2, brightest).squeeze(2)
    return hits[labels].float().mean().item() if labels.any() else 0


# %% wrong="pointing_accuracy" name="changed in place" says="The maps of absent labels are set to 0 in the caller's tensor. Choose with labels, and leave the maps as they are."
def pointing_accuracy(maps, masks, labels):
    brightest = maps.flatten(2).argmax(dim=2, keepdim=True)
    maps[~labels] = 0
    hits = masks.flatten(2).gather(2, brightest).squeeze(2)
    return hits[labels].float().mean().item() if labels.any() else 0.0


# %% wrong="pointing_accuracy" name="view" says="view needs a certain order in memory, and it fails for tensors that come from permute or transpose. flatten and reshape do not."
def pointing_accuracy(maps, masks, labels):
    B, L, H, W = maps.shape
    brightest = maps.view(B, L, H * W).argmax(dim=2, keepdim=True)
    hits = masks.view(B, L, H * W).gather(2, brightest).squeeze(2)
    return hits[labels].float().mean().item() if labels.any() else 0.0
