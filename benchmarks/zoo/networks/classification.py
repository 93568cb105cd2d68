"""Networks that classify images, of timm, pytorchcv, pretrainedmodels and single-architecture packages."""

from benchmarks.zoo.network import network

_TIMM = {
    "convnext_atto": 64, "convnextv2_atto": 64, "mobilenetv3_small_050": 64, "mobilenetv4_conv_small": 64,
    "mobilenetv4_hybrid_medium": 64, "ghostnet_050": 64, "ghostnetv2_100": 64, "lcnet_050": 64, "tinynet_e": 64,
    "repvgg_a0": 64, "mobileone_s0": 64, "edgenext_xx_small": 64, "mobilevit_xxs": 64, "mobilevitv2_050": 64,
    "poolformer_s12": 64, "pvt_v2_b0": 64, "resmlp_12_224": 224, "levit_128s": 224, "coat_tiny": 224,
    "visformer_tiny": 224, "focalnet_tiny_srf": 64, "efficientformer_l1": 224, "efficientformerv2_s0": 224,
    "fastvit_t8": 64, "inception_next_atto": 64, "hgnetv2_b0": 64, "hrnet_w18_small": 64, "dla34": 64,
    "res2net50d": 64, "skresnet18": 64, "selecsls42": 64, "ese_vovnet19b_slim": 64, "cspresnet50": 64,
    "nf_regnet_b0": 64, "resnetv2_50": 64, "halonet26t": 256, "lambda_resnet26t": 256, "gcresnext26ts": 64,
    "repvit_m0_9": 64, "starnet_s1": 64, "efficientvit_b0": 64, "efficientvit_m0": 224, "tiny_vit_5m_224": 224,
    "mambaout_femto": 64, "xcit_nano_12_p16_224": 64, "convmixer_1024_20_ks9_p14": 28, "legacy_seresnet18": 64,
    "gernet_s": 64, "regnetz_b16": 64, "rexnet_100": 64, "mixnet_s": 64, "eca_resnet33ts": 64,
    "vit_tiny_patch16_224": 224, "eva02_tiny_patch14_224": 224, "swinv2_cr_tiny_ns_224": 224, 
    "nest_tiny": 224, "twins_svt_small": 224,
}  # fmt: skip
_PYTORCHCV = {
    "preresnet10": 224, "squeezenet_v1_1": 224, "sqnxt23_w1": 224, "shufflenet_g1_wd4": 224, "menet108_8x1_g3": 224,
    "fdmobilenet_wd4": 224, "igcv3_wd4": 224, "diracnet18v2": 224, "cbam_resnet18": 224, "peleenet": 224,
    "hardnet39ds": 224, "octresnet10_ad2": 224, "darknet_tiny": 224, "espnetv2_wd2": 224, "dicenet_wd5": 224,
    "nin_cifar10": 32, "resnet20_cifar10": 32, "densenet40_k12_bc_cifar10": 32, "ror3_56_cifar10": 32,
    "rir_cifar10": 32, "shakeshakeresnet20_2x16d_cifar10": 32, "xdensenet40_2_k24_bc_cifar10": 32,
    "wrn20_10_1bit_cifar10": 32, "fractalnet_cifar10": 32,
}  # fmt: skip
_PRETRAINEDMODELS = {"bninception": 224, "nasnetamobile": 224, "inceptionv4": 299, "xception": 96, "dpn68": 224}

NETWORKS = [
    *[network("timm:create_model", (3, size, size), args=(name,), label=name) for name, size in _TIMM.items()],
    *[
        network("pytorchcv.model_provider:get_model", (3, size, size), args=(name,), label=name)
        for name, size in _PYTORCHCV.items()
    ],
    *[
        network(f"pretrainedmodels:{name}", (3, size, size), pretrained=None)
        for name, size in _PRETRAINEDMODELS.items()
    ],
    network("resnest.torch:resnest50", (3, 64, 64)),
    network("efficientnet_pytorch:EfficientNet.from_name", (3, 64, 64), model_name="efficientnet-b0"),
    network("facenet_pytorch:InceptionResnetV1", (3, 160, 160), classify=True, num_classes=10),
    network("kornia.feature:HardNet", (1, 32, 32), pretrained=False),
    network("kornia.feature:TFeat", (1, 32, 32), pretrained=False),
    network("kornia.feature:SOSNet", (1, 32, 32), pretrained=False),
    network("kornia.feature:HyNet", (1, 32, 32), pretrained=False),
]
